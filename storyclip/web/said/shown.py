"""Batches as every answer shows them, and the ids by which they are asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyclip.domain.batch import BATCH_ID
from storyclip.domain.errors import NotFound
from storyclip.domain.shown import Summary
from storyclip.domain.views import summary_view
from storyclip.store.publishing.batches import Overview
from storyclip.web.front import front
from storyclip.web.said.shapes import ManyBatches

_BATCH_ID = re.compile(BATCH_ID)


def batch_id_of(asked: str) -> str:
    """Return the id that is asked for.

    What cannot be one is not looked up.

    Raises:
        NotFound: it cannot be one.
    """
    if not _BATCH_ID.fullmatch(asked):
        raise NotFound("no such batch")
    return asked


def many(found: Sequence[Overview]) -> ManyBatches:
    """Return several batches as a list."""
    return {"success": True, "batches": [summary(one) for one in found], "count": len(found)}


def summary(found: Overview) -> Summary:
    """Return a batch's summary."""
    return summary_view(
        found.batch, found.current, front().now(), front().wait_total_s, found.blocked
    )
