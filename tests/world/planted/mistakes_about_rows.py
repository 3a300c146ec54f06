"""Mistakes about rows that are not the newest: each is what somebody could write in good faith."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storyclip.domain.installation import Installation, judged
from storyclip.store.publishing import strangers
from storyclip.store.service import newest
from tests.world.planted.plant import Plant, always, plant


@plant("restored")
def a_start_is_never_suspect(instead: Plant) -> None:
    """Take the rows that are there for the newest there ever were."""
    instead.of(newest, "judged", always(None))


@plant("restored")
def strangers_ignored(instead: Plant) -> None:
    """Look at a lane in doubt, and make nothing of stories that no row knows."""
    instead.of(strangers, "unknown", always(()))


@plant("restored")
def the_mark_is_not_compared(instead: Plant) -> None:
    """Go by what the rows say of themselves, whatever was left outside them."""

    def by_itself(here: Any, outside: Any, *facts: Any, **how: Any) -> Any:
        del outside
        return judged(here, None, *facts, **how)

    instead.of(newest, "judged", by_itself)


@plant("restored")
def the_copy_acts(instead: Plant) -> None:
    """Act on rows wherever they are, and whoever else does."""
    kept = newest.installation_of

    def of_here(row: tuple[Any, ...]) -> Installation:
        return replace(kept(row), elsewhere=None, rival=None)

    instead.of(newest, "installation_of", of_here)
