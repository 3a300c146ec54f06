"""What a person named to be published: addresses and files, in their order; or all of a folder."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from storyclip.media.judging import ENDINGS

ADDRESS = "https://"
STILL_S = 1.0  # a copy that is under way has grown by then

_DIGITS = re.compile(r"(\d+)")


class NoClip(Exception):
    """What was named cannot be a clip; said in words."""


@dataclass(frozen=True, slots=True)
class Address:
    """A clip that Metricool fetches by itself."""

    url: str

    @property
    def title(self) -> str:
        """Return what people see of it."""
        return urlsplit(self.url).path.rpartition("/")[2] or self.url


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine, with how many bytes it had and when it was last written."""

    path: Path
    size: int
    written_ns: int

    @property
    def title(self) -> str:
        """Return what people see of it."""
        return self.path.name


Source = Address | LocalFile


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder that is no clip, and why."""

    name: str
    why: str


def named(words: Sequence[str]) -> list[Source]:
    """Return what was named, in the same order.

    Raises:
        NoClip: one of them is neither an address nor a file.
    """
    return [Address(word) if word.startswith(ADDRESS) else _file(Path(word)) for word in words]


def of_folder(folder: Path) -> tuple[list[LocalFile], list[Skipped]]:
    """Return the clips of a folder as people count, 2 before 10, and what else is in it.

    Raises:
        NoClip: it cannot be read.
    """
    found: list[LocalFile] = []
    skipped: list[Skipped] = []
    try:
        paths = sorted(folder.iterdir(), key=lambda path: natural(path.name))
    except OSError as why:
        raise NoClip(f"{folder}: {why.strerror}") from None
    for path in paths:
        if (why_not := _no_clip(path)) is not None:
            skipped.append(Skipped(path.name, why_not))
            continue
        try:
            found.append(_file(path))
        except NoClip as no_clip:
            skipped.append(Skipped(path.name, str(no_clip)))
    return found, skipped


def natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return what sorts names as people do: numbers by their value, capitals like small letters."""
    parts = _DIGITS.split(name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def require_still(file: LocalFile) -> None:
    """Check that a file is as it was when it was named.

    Raises:
        NoClip: somebody writes to it, or it is gone.
    """
    if _file(file.path) != file:
        raise NoClip(f"{file.path} is still being written: publish it when it is whole.")


def _file(path: Path) -> LocalFile:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for somebody
            raise NoClip(f"{path} is no file.")
        with path.open("rb"):
            pass
    except OSError as why:
        raise NoClip(f"{path}: {why.strerror}.") from None
    return LocalFile(path, found.st_size, found.st_mtime_ns)


def _no_clip(path: Path) -> str | None:
    ending = path.suffix.removeprefix(".").lower()
    if path.name.startswith("."):
        return "a hidden file"
    if path.is_dir():
        return "a folder: those inside are not looked at"
    if ending not in ENDINGS:
        return (
            f"neither a video nor a picture by its name, which ends in {path.suffix or 'nothing'}"
        )
    return None
