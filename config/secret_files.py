"""Secrets out of files: `NAME_FILE` names the file that has what `NAME` would say."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from config import private

T = TypeVar("T")

SUFFIX = "_FILE"
SECRETS = (
    "DATABASE_URL",
    "REDIS_URL",
    "METRICOOL_USER_TOKEN",
    "STORYCLIP_SECRET",
    "STORYCLIP_API_KEYS",
    "STORYCLIP_OIDC_CLIENT_SECRET",
    "STORYCLIP_MEDIA_ACCESS_KEY",
    "STORYCLIP_MEDIA_SECRET_KEY",
    "STORYCLIP_API_KEY",
)
LEAST_LENGTH = 32  # characters of STORYCLIP_SECRET: nobody finds it by trying
MOST = 2  # at once: the one that seals, and the one before


def read_into(given: Mapping[str, str]) -> tuple[dict[str, str], Sequence[str]]:
    """Return the settings with what the files say of them, and what is wrong with the files."""
    read, problems = dict(given), []
    for name in SECRETS:
        file = given.get(name + SUFFIX)
        if file is None:
            continue
        if name in given:
            problems.append(f"{name}{SUFFIX}: expected to be alone, and {name} is set too")
            continue
        try:
            read[name] = said_in(Path(file))
        except (OSError, ValueError) as failure:
            reason = failure.strerror if isinstance(failure, OSError) else str(failure)
            problems.append(
                f'{name}{SUFFIX}: expected a file that says it, got "{file}" ({reason})'
            )
    return read, problems


def open_to_others(files: Iterable[Path | None]) -> list[str]:
    """Return which of the files other users of the machine may read, though they are ours."""
    named = (file for file in files if file is not None)
    return [
        str(file)
        for file in named
        if file.stat().st_uid == os.geteuid() and private.is_open_to_others(file)
    ]


def said_in(file: Path) -> str:
    """Return what a file says, without the space around it.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty, or no text.
    """
    said = file.read_text(encoding="utf-8").strip()
    if not said:
        raise ValueError("it is empty")
    return said


def parse_secret(text: str) -> tuple[str, ...]:
    """Read one secret or two, apart by a comma, a space or a line: the first one seals.

    Raises:
        ValueError: with what was expected; never with a secret.
    """
    words = tuple(word for word in re.split(r"[\s,]+", text) if word)
    if len(words) > MOST or len(set(words)) < len(words):
        raise ValueError("one secret, or the new one and the old one")
    if any(len(word) < LEAST_LENGTH for word in words):
        raise ValueError(
            f"at least {LEAST_LENGTH} characters"
            ' (make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))")'
        )
    return words


class LiveSecret(Generic[T]):
    """A secret that may be exchanged while we run: its file is read again when it is another one.

    Put the new file in its place by renaming it, so that nobody reads half of it.

    Args:
        said: what it says at first.
        read: makes of the file's words what is asked for; raises ValueError if they are none.
    """

    def __init__(self, file: Path | None, said: T, read: Callable[[str], T]) -> None:
        self._file = file
        self._said = said
        self._read = read
        self._seen = self._mark()

    def __call__(self) -> T:
        """Return what the file says now, or what it said last while it cannot be read; 2 us."""
        mark = self._mark()
        if mark is not None and mark != self._seen and self._file is not None:
            try:
                self._said = self._read(said_in(self._file))
            except (OSError, ValueError):
                return self._said  # being exchanged: the next call looks again
            self._seen = mark
        return self._said

    def _mark(self) -> tuple[int, int, int] | None:
        if self._file is None:
            return None
        try:
            found = os.stat(self._file)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
