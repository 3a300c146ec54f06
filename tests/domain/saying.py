"""Facts for each sentence about a clip."""

from __future__ import annotations

import re
from datetime import datetime

from storyclip.domain.clip_words import catalogue, say
from tests.domain.making import T0

FACTS: dict[str, str | float | datetime] = {
    "at": T0,
    "until": T0,
    "tenths": 0.5,
    "status": 503,
    "said": "No *way*: {x} (1)",
}


def facts_for(reason: str) -> dict[str, str | float | datetime]:
    """Return what a reason needs to be said."""
    names = re.findall(r"\{(\w+)\}", catalogue()[reason]["en"])
    numbers = dict.fromkeys(("seconds", "late", "limit", "attempts", "index", "count", "bytes"), 7)
    inner = {"why": say("busy", seconds=30), "before": say("nothing_sent")}
    known = FACTS | numbers | inner | dict.fromkeys(("user", "account", "place", "month"), "x y")
    return {name: known.get(name, "PENDING") for name in names}
