"""The judge: what the sandbox's ledger says went out, against what was asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

Ledger = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Verdict:
    """Stories that are missing, doubled or before their turn, by their source URL."""

    lost: tuple[str, ...]
    duplicate: tuple[str, ...]
    out_of_order: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every story went out exactly once and in order."""
        return not (self.lost or self.duplicate or self.out_of_order)


def published(ledger: Ledger, account: str, network: str = "facebook") -> list[str]:
    """Return the source URLs that went live on a lane, in the order they did."""
    return [
        line["source"] or line["media"]
        for line in _of_lane(ledger, account, network)
        if line["event"] == "published"
    ]


def judge(asked: Sequence[str], went_live: Sequence[str], excused: Sequence[str] = ()) -> Verdict:
    """Compare the sources asked for, in their order, with those that went live.

    Args:
        excused: sources whose row says honestly why they did not go out.
    """
    times = Counter(went_live)
    first_live = [source for i, source in enumerate(went_live) if source not in went_live[:i]]
    rank = {source: i for i, source in enumerate(asked)}
    late = [source for before, source in pairwise(first_live) if rank[source] < rank[before]]
    return Verdict(
        lost=tuple(source for source in asked if source not in times and source not in excused),
        duplicate=tuple(source for source, count in times.items() if count > 1),
        out_of_order=tuple(late),
    )


def standing(
    ledger: Ledger, account: str, network: str = "facebook", until: datetime | None = None
) -> list[str]:
    """Return the source URLs of a lane's posts that are out or may come out, by their dates.

    Args:
        until: how it was then, None for now.
    """
    there = dict[str, Mapping[str, Any]]()
    for line in _of_lane(ledger, account, network):
        if until is not None and datetime.fromisoformat(line["time"]) > until:
            break
        if line["event"] == "created":
            there[line["uuid"]] = line
        elif line["event"] in ("deleted", "error"):
            there.pop(line["uuid"], None)
    by_date = sorted(there.values(), key=lambda line: line["plannedFor"])
    return [line["source"] or line["media"] for line in by_date]


def orphans(ledger: Ledger, account: str, known: Collection[str]) -> list[str]:
    """Return the posts of an account that are not deleted, and that nobody knows by their uuid."""
    lines = [line for line in ledger if line["account"] == account]
    deleted = {line["uuid"] for line in lines if line["event"] == "deleted"}
    made = {line["uuid"] for line in lines if line["event"] == "created"}
    return sorted(made - deleted - set(known))


def created_by_source(ledger: Ledger) -> dict[str, int]:
    """Return how many posts were made of each source URL, live or not."""
    counts: dict[str, int] = defaultdict(int)
    for line in ledger:
        if line["event"] == "created":
            counts[line["source"] or line["media"]] += 1
    return dict(counts)


def _of_lane(ledger: Ledger, account: str, network: str) -> list[Mapping[str, Any]]:
    """Return what happened on a lane, as time passed; a deletion counts for all its networks."""
    return [
        line
        for line in sorted(ledger, key=lambda line: line["time"])
        if line["account"] == account and line["network"] in (network, None)
    ]
