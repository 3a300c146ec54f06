"""A folder that is known by its mark: one without it is another, though it has the same name."""

from __future__ import annotations

import errno
import secrets
from pathlib import Path

from config.on_disk import sync

MARK = "spool.mark"


class MarkedFolder:
    """The folder; any is taken for it until a mark is expected."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark: str | None = None

    @property
    def place(self) -> str | None:
        """Return what names the folder, None where any folder does."""
        return str(self._folder.absolute())

    def expect(self, mark: str) -> None:
        """Take the folder for another one until it has this mark; nothing is made in there."""
        self._mark = mark

    def mark(self) -> str | None:
        """Return the folder's mark, None where it has none, "" where a person made it.

        Raises:
            OSError: the disk does not answer.
        """
        try:
            return (self._folder / MARK).read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_there(self) -> bool:
        """Return whether the folder is the one that has users' files."""
        try:
            return self._mark is None or self.mark() == self._mark
        except OSError:
            return False

    def require(self) -> None:
        """Go on only where the folder is the one.

        Raises:
            OSError: it is another one, or none.
        """
        if not self.is_there():
            words = f"{self._folder} is not the folder that has users' files: is its disk mounted?"
            raise OSError(errno.ENODEV, words)

    def take_mark(self, mark: str | None, beside: Path) -> None:
        """Have the folder have this mark, and expect it; `beside` is of the same disk.

        Raises:
            OSError: it cannot be written.
        """
        if mark is not None and self.mark() != mark:
            begun = beside / f"{secrets.token_hex(4)}.mark"
            begun.write_text(mark)
            sync(begun)
            begun.replace(self._folder / MARK)
            sync(self._folder)
        self._mark = mark
