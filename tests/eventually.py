"""Waiting for what another process or thread is about to do; never for time alone to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 40.0  # more processes than cores may be at it
LOOK_EVERY_S = 0.01


def eventually(is_so: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Return once it is so; fail when it does not come to be in time."""
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(LOOK_EVERY_S)
