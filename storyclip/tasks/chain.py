"""Who ended a clip goes on with the one whose turn came by it, without a bell in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

import dramatiq

MOST_IN_A_ROW = 10  # then others that wait for a thread come first


class Chain(dramatiq.Middleware):
    """Takes a thread from a step to the one that it made due; what is too much is rung for.

    A hint like every bell: who is killed in between leaves a clip that is due, and the clock rings.

    Args:
        ring: rings for a clip's step.
    """

    def __init__(self, ring: Callable[[int], None]) -> None:
        self._ring = ring
        self._thread = threading.local()
        self._is_stopping = False

    def follow(self, clip_id: int, step: Callable[[int], None]) -> None:
        """Take a clip's step, and after it that of the clip whose turn came with it, and so on."""
        self._thread.due = due = [clip_id]
        try:
            for _ in range(MOST_IN_A_ROW):
                step(due.pop())
                if not due or self._is_stopping:
                    return
        finally:
            del self._thread.due
            for left in due:
                self._ring(left)

    def came(self, clip_id: int) -> None:
        """Have the step of a clip taken whose turn came, by this thread or by whoever hears."""
        due: list[int] | None = getattr(self._thread, "due", None)
        if due is None or due or self._is_stopping:
            self._ring(clip_id)
        else:
            due.append(clip_id)

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002  # Dramatiq's signature
        """Begin nothing more here: others hear of it."""
        self._is_stopping = True
