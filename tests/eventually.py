"""Waiting for what another process or thread is about to do; never for time alone to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 40.0  # more processes than cores may be at it
LOOK_EVERY_S = 0.01


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
