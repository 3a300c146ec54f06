"""What a worker process is busy with, and what it could not write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class InHand:
    """What this process is busy with: a bell for it, rung again meanwhile, is dropped.

    Only spares work: two processes may still hear the same bell, and the rows decide.
    """

    def __init__(self, at_most: int | None = None) -> None:
        self._ids: set[int] = set()
        self._kept: set[int] = set()
        self._at_most = at_most
        self._lock = threading.Lock()

    @contextmanager
    def taking(self, row_id: int) -> Iterator[bool]:
        """Take an id for the block; yields False if it is taken or too many are."""
        with self._lock:
            full = self._at_most is not None and len(self._ids) >= self._at_most
            taken = row_id not in self._ids and not full
            if taken:
                self._ids.add(row_id)
        try:
            yield taken
        finally:
            if taken:
                with self._lock:
                    self._ids.discard(row_id)

    def keep(self, row_id: int) -> None:
        """Remember whose row the database did not let us write; it may still be called ours."""
        with self._lock:
            self._kept.add(row_id)

    def put_back(self, one: Callable[[int], bool]) -> None:
        """Have each of these put back by `one`, which returns whether it is settled.

        Not what is in hand again: whoever has it goes on with it, or fails and keeps it anew.

        Raises:
            StoreUnavailable: by `one`; the rest is kept.
        """
        for row_id in tuple(self._kept):
            with self.taking(row_id) as taken:
                if taken and one(row_id):
                    with self._lock:
                        self._kept.discard(row_id)
