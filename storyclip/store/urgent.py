"""What looks after all lanes may wait for none of them: it is done soon, or not done."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

URGENT_S = 2.0

_thread = threading.local()


@contextmanager
def urgent() -> Iterator[None]:
    """Have what this thread asks the database for in the block end within URGENT_S, or fail.

    It passes the queue of SQLite's writers, and of PostgreSQL's connections one is kept for it.
    """
    _thread.until = time.monotonic() + URGENT_S
    try:
        yield
    finally:
        del _thread.until


@contextmanager
def patient() -> Iterator[None]:
    """Have what this thread asks for in the block take as long as it takes."""
    _thread.is_patient = True
    try:
        yield
    finally:
        del _thread.is_patient


def is_patient() -> bool:
    """Return whether this thread is in such a block."""
    return hasattr(_thread, "is_patient")


def is_urgent() -> bool:
    """Return whether this thread is in such a block."""
    return hasattr(_thread, "until")


def within(usual_s: float) -> float:
    """Return how many seconds to wait for something at most: what is left of an urgent block."""
    until: float | None = getattr(_thread, "until", None)
    return usual_s if until is None else max(0.0, min(usual_s, until - time.monotonic()))
