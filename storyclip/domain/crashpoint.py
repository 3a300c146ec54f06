"""Named places where a test may kill the process for real; without an arm they do nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

POINTS = (
    "batch_committed",  # the batch is written, its first bell not rung
    "answer_ready",  # its bell is rung, the client has no answer
    "bell_heard",  # a worker has the message, nothing read yet
    "media_prepared",  # Metricool has the file, its URL is not stored
    "media_stored",  # stored ahead of the clip's turn
    "request_sent",  # the POST left, no answer read
    "answered",  # the answer read, not written
    "looked",  # Metricool's list read, what it shows not written
    "live",  # Metricool says published, not written
    "wish_written",  # the user's wish is written, nobody told yet
    "taking_back",  # that its post is about to be deleted is written
    "deleted",  # its post is deleted upstream, not written
    # The rest are events: written, and nobody told yet, no bell rung.
    "claimed",
    "intended",
    "accepted",
    "refused",
    "postponed",
    "unanswered",
    "found",
    "absent",
    "moved",
    "seen_live",
    "seen_failed",
    "timed_out",
    "missed",
    "withdrawn",
    "recalled",
)

_armed: Callable[[str], bool] | None = None


def arm(dies_here: Callable[[str], bool] | None) -> None:
    """Let `dies_here(point)` decide at every point whether the process is killed there."""
    global _armed
    _armed = dies_here


def crashpoint(name: str) -> None:
    """Kill this process with SIGKILL if a test armed this point; else do nothing."""
    if _armed is not None and _armed(name):
        os.kill(os.getpid(), signal.SIGKILL)
