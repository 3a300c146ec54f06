"""The smallest history that still goes wrong in the same way: delta debugging over its choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.world.history import run
from tests.world.scenario import BatchPlan, Scenario

T = TypeVar("T")

MOST_RUNS = 400


@dataclass(frozen=True)
class Shrunk:
    """A scenario and its disturbances, none of which can be left out."""

    scenario: Scenario
    allowed: tuple[str, ...]


def shrink(scenario: Scenario, taken: Sequence[str], kind: str, what: str) -> Shrunk:
    """Return a smaller history with the same finding, smaller in its scenario, too."""
    runs = 0

    def goes_wrong(smaller: Scenario, allowed: Sequence[str]) -> bool:
        nonlocal runs
        runs += 1
        if runs > MOST_RUNS:
            return False
        found = run(smaller, allowed).findings
        return any((finding.kind, finding.what) == (kind, what) for finding in found)

    allowed = tuple(dict.fromkeys(taken))
    allowed = least(allowed, lambda some: goes_wrong(scenario, some))
    again = True
    while again:
        again = False
        for smaller in _smaller(scenario):
            if goes_wrong(smaller, allowed):
                scenario, again = smaller, True
                break
    return Shrunk(scenario, least(allowed, lambda some: goes_wrong(scenario, some)))


def least(items: Sequence[T], still: Callable[[Sequence[T]], bool]) -> tuple[T, ...]:
    """Return a part of the items for which it still holds, of which none can be left out (ddmin).

    Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002.
    """
    items, parts = tuple(items), 2
    if items and still(()):
        return ()
    while len(items) > 1:
        size = -(-len(items) // parts)
        for begin in range(0, len(items), size):
            rest = items[:begin] + items[begin + size :]
            if still(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(len(items), 2 * parts)
    return items


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Yield scenarios with a little less in them, the boldest first."""
    batches = scenario.batches
    if len(batches) > 1:
        for batch in batches:
            rest = tuple(other for other in batches if other is not batch)
            yield replace(scenario, batches=rest)
    for n, batch in enumerate(batches):
        for plainer in _plainer(batch):
            yield replace(scenario, batches=(*batches[:n], plainer, *batches[n + 1 :]))
    usual = {
        "workers": 1,
        "quota_24h": 50,
        "metricool_ahead_s": 0.0,
        "has_date_header": True,
        "list_lag_s": 0.0,
        "list_page": 0,
        "dates_deletions": True,
    }
    for name, value in usual.items():
        if getattr(scenario, name) != value:
            yield replace(scenario, **{name: value})  # type: ignore[arg-type]


def _plainer(batch: BatchPlan) -> Iterator[BatchPlan]:
    if batch.clips > 1:
        yield replace(batch, clips=(batch.clips + 1) // 2)
        yield replace(batch, clips=batch.clips - 1)
    if batch.mode == "bestTime":
        yield replace(batch, mode="scheduled")
    plain = {"on_failure": "continue", "gap_s": 0.0, "has_key": False, "same_file": False}
    for name, value in plain.items():
        if getattr(batch, name) != value:
            yield replace(batch, **{name: value})  # type: ignore[arg-type]
