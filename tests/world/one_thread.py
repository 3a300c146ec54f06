"""SQLite without its locks, for processes that have one thread: a twentieth of a world's time."""

from __future__ import annotations

import _sqlite3
import ctypes

SINGLE_THREAD = 1  # SQLITE_CONFIG_SINGLETHREAD


def spare_locks() -> None:
    """Have SQLite take no locks in this process; before it opens any database.

    Where Python has SQLite built in it is out of reach, and locks as before.

    Raises:
        RuntimeError: it would not; databases are open already, say.
    """
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    if not hasattr(library, "sqlite3_config"):
        return
    said = (
        library.sqlite3_shutdown(),
        library.sqlite3_config(SINGLE_THREAD),
        library.sqlite3_initialize(),
    )
    if any(said):
        raise RuntimeError(f"SQLite goes on locking: {said}")
