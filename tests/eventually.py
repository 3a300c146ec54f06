"""Waiting for what others are about to do, never for time alone to pass; and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 40.0  # more processes than cores may be at it
LOOK_EVERY_S = 0.01
TRIES = 3


def eventually(
    is_so: Callable[[], object],
    within_s: float = PATIENCE_S,
    *,
    otherwise: Callable[[], object] | str = "it did not happen in time",
    every_s: float = LOOK_EVERY_S,
    fails_as: type[Exception] = AssertionError,
) -> None:
    """Return once it is so, looking every `every_s` seconds.

    Args:
        otherwise: says what there is instead, when it does not come to be in time.

    Raises:
        AssertionError, or what `fails_as` is: it did not come to be within `within_s`.
    """
    end = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > end:
            raise fails_as(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(every_s)


def quickest(act: Callable[[], float], bar: float) -> float:
    """Return what `act` measures, the least of three unless one before is below the bar.

    Who else works on this machine makes anything last longer, and nothing shorter: what is slow
    by itself is so each time.
    """
    found = act()
    for _ in range(TRIES - 1):
        if found < bar:
            break
        found = min(found, act())
    return found
