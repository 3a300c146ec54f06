"""Named places where a test may kill the process for real; without an arm they do nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

POINTS = (
    "batch_committed",  # the batch is written, its first bell not rung
    "answer_ready",  # its bell is rung, the client has no answer
    "wish_written",  # the user's wish is written, nobody told yet
    "bell_heard",  # a worker has the message, nothing read yet
    "decided",  # what is to become of the clip is decided, not written
    "request_sent",  # the POST left, no answer read
    "media_stored",  # Metricool has the file ahead of the clip's turn, its URL is stored
    # A call to Metricool is answered, and what it showed not written.
    "media_prepared",
    "answered",
    "shown",
    "looked",
    "looked_among_deleted",
    "deleted",
    # The rest are moves: written, and nobody told yet, no bell rung.
    "noted",  # something of a clip or its lane that others see, though the clip did not move
    "claimed",
    "intended",
    "accepted",
    "refused",
    "postponed",
    "held_up",
    "unanswered",
    "found",
    "absent",
    "given_up",
    "moved",
    "taking_back",
    "seen_live",
    "seen_failed",
    "timed_out",
    "deleted_upstream",
    "missed",
    "forbidden",
    "withdrawn",
    "recalled",
)

# Of a user's file on its way, in the web and the media process; none of it publishes
FILE_POINTS = (
    "file_block",  # bytes are on the disk, the row does not say so yet
    "file_named",  # all are, under their lasting name; the row still has them arriving
    "piece_written",  # a piece is in the spool, its row is not written
    "tx_opened",  # Metricool opened an upload, which is not written
    "part_sent",  # S3 has a part, which is not written
    "tx_completed",  # Metricool has the file, its URL is not written
    "media_stored",  # Metricool has it, its URL is written; the clip was not told
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
