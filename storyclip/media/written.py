"""A file gets its name when it is whole and on the disk, and never before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from config.on_disk import sync

PART = ".part"  # ends the name of what is not whole; one left by a kill is for the sweep


@contextmanager
def named_when_whole(into: Path) -> Iterator[Path]:
    """Yield a file beside `into` that gets this name, over whatever has it, when all went well.

    Its own name is nobody else's: the same piece may be in work twice.
    """
    with NamedTemporaryFile(
        dir=into.parent, prefix=f"{into.name}.", suffix=PART, delete=False
    ) as file:
        part = Path(file.name)
    try:
        yield part
        sync(part)
        part.replace(into)
        sync(into.parent)
    finally:
        part.unlink(missing_ok=True)
