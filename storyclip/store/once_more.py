"""Once more, for a transaction that was undone because of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from storyclip.domain.errors import LostRace, StoreUnavailable
from storyclip.store.postgres import UNDONE, sqlstate_of

T = TypeVar("T")

log = structlog.get_logger("storyclip")

_repeats = 0


def once_more(act: Callable[[], T], *lost: type[LostRace]) -> T:
    """Do what is one transaction, and once more if PostgreSQL ended it: of two that wait for each
    other only one can go on.

    With LostRace also if a row had changed since it was read, where a second try reads it anew.

    Raises:
        StoreUnavailable, LostRace: by the second try, or for good.
    """
    global _repeats
    try:
        return act()
    except lost as race:
        reason = str(race)
    except StoreUnavailable as undone:
        if sqlstate_of(undone.__cause__) not in UNDONE:
            raise
        reason = str(undone)
    _repeats += 1
    log.warning("transaction_repeated", reason=reason)
    return act()


def repeats() -> int:
    """Return how many transactions this process has done once more."""
    return _repeats
