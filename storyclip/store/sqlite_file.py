"""The file that a SQLite database is: there when it should be, and still the one that is open."""

from __future__ import annotations

import json
from pathlib import Path

from config import private
from storyclip.domain.errors import StoreUnavailable

COPIED_LATER_NS = 2 * 10**9  # what is put into the file has just been written into the WAL
WHOLE_SECOND_NS = 10**9  # some who copy keep no more of a time


class SqliteFile:
    """One process's view of the file; what is left beside it lies at `mark` and `sending`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = path.with_name(path.name + ".mark")
        self.sending = path.with_name(path.name + ".sending")
        self._inode: int | None = None

    def require_history(self) -> None:
        """Check that no empty file is made where one is missing, and no other one has its place.

        Raises:
            StoreUnavailable: there was one, or its WAL is still there.
        """
        if self.mark.exists() and not self.path.exists():
            raise StoreUnavailable(
                f"the database {self.path} is missing, though there was one: put it back (storyclip"
                " restore), or begin anew on purpose: storyclip recover --anew"
            )
        self._require_own_wal()

    def written_ns(self) -> int:
        """Return when the file itself was written last, 0 if it is gone; what is newer is in its
        WAL.
        """
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0

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

    def _require_own_wal(self) -> None:
        """Check that the WAL beside the file is that of this very file: SQLite does not.

        It reads a backup that was copied over the file together with what was written since: the
        newest mark, and clips of before that were published. Our own processes write into the file
        only what is in the WAL, and then into that again each second. A file that is as the last
        sign of life saw it is ours whatever its time says: the clock may have been wrong meanwhile.

        Raises:
            StoreUnavailable: it is another one's; neither was changed.
        """
        wal = self.path.with_name(f"{self.path.name}-wal")
        try:
            file_ns, said = self.path.stat().st_mtime_ns, wal.stat()
        except FileNotFoundError:
            return
        written_ns = self._written_ns_once()
        is_as_it_was = abs(file_ns - written_ns) < WHOLE_SECOND_NS
        is_later = file_ns > said.st_mtime_ns + COPIED_LATER_NS and not is_as_it_was
        is_earlier = file_ns + WHOLE_SECOND_NS < written_ns <= said.st_mtime_ns
        if said.st_size and (is_later or is_earlier):
            raise StoreUnavailable(
                f"the database {self.path} was exchanged, and {wal.name} is still that of the one"
                " before: read together they would be what never was. Where the file is a whole"
                " backup, put the WAL aside and start again; storyclip restore does that by itself."
                f" Where both are of one copy, say so: touch {self.path} {wal}"
            )

    def _written_ns_once(self) -> int:
        """Return the same as of the last sign of life, 0 if that does not tell."""
        try:
            return int(json.loads(self.mark.read_text()).get("written_ns", 0))
        except (OSError, ValueError, AttributeError, TypeError):
            return 0
