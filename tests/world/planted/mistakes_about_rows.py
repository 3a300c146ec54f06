"""Mistakes about rows that are not the newest: each is what somebody could write in good faith."""

from __future__ import annotations

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
