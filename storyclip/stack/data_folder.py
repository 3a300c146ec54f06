"""The folder of a stack: what is in it is its owner's alone, also what an older release left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from config import private

_NAMES = ("log", "redis", "stack.lock", "stack.url", "sandbox-ledger.jsonl")
_DATABASE = "storyclip.db"  # and what stands beside it


def keep_private(folder: Path) -> Sequence[Path]:
    """Close what is ours to others, and the folder itself if nothing else is in it.

    Returns what stays open to them, because it is another user's.
    """
    entries = sorted(folder.iterdir())
    ours = [one for one in entries if one.name in _NAMES or one.name.startswith(_DATABASE)]
    kept = [path for entry in ours for path in _all_of(entry)]
    if len(ours) == len(entries):
        kept.insert(0, folder)
    for path in kept:
        private.tighten(path)
    return [path for path in kept if private.is_open_to_others(path)]


def _all_of(entry: Path) -> Iterator[Path]:
    yield entry
    if entry.is_dir() and not entry.is_symlink():
        yield from entry.rglob("*")
