"""The file that a SQLite database is: there when it should be, and still the one that is open."""

from __future__ import annotations

from pathlib import Path

from config import private
from storyclip.domain.errors import StoreUnavailable


class SqliteFile:
    """One process's view of the file; what is left beside it lies at `mark` and `sending`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = path.with_name(path.name + ".mark")
        self.sending = path.with_name(path.name + ".sending")
        self._inode: int | None = None

    def require_history(self) -> None:
        """Check that no empty file is made where one is missing.

        Raises:
            StoreUnavailable: there was one.
        """
        if self.mark.exists() and not self.path.exists():
            raise StoreUnavailable(
                f"the database {self.path} is missing, though there was one: put it back (storyclip"
                " restore), or begin anew on purpose: storyclip recover --anew"
            )

    def opened(self) -> None:
        """Note which file it is that was opened, and close it to others."""
        self.keep_private()
        self._inode = self.path.stat().st_ino

    def keep_private(self) -> None:
        """Close the file and what stands beside it to others, and the folder if it holds no more.

        SQLite gives its WAL the mode of the file. What is another user's is only warned of.
        """
        folder = self.path.parent
        kept = [one for one in folder.iterdir() if one.name.startswith(self.path.name)]
        if len(kept) == sum(1 for _ in folder.iterdir()):
            kept.append(folder)
        for one in kept:
            private.tighten(one)
        looked_at = (folder, *kept)
        private.warn_of_open_files(
            {str(one) for one in looked_at if private.is_open_to_others(one)}
        )

    def require_same(self) -> None:
        """Check that the file is still the one that is open; 1 µs.

        One that is gone stays open, and takes what is written into it along to nowhere.

        Raises:
            StoreUnavailable: it is gone, or another has its place.
        """
        if self._inode is None:
            return
        try:
            is_same = self.path.stat().st_ino == self._inode
        except OSError as failure:
            raise StoreUnavailable(
                f"the database's file {self.path} is gone: nothing is accepted or sent until it is"
                " put back and StoryClip started again"
            ) from failure
        if not is_same:
            raise StoreUnavailable(
                f"another file has taken the place of the database {self.path}: start StoryClip"
                " again to use it"
            )
