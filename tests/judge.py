"""The judge: what the sandbox's ledger says went out, against what was asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        for line in sorted(ledger, key=lambda line: line["time"])
        if line["event"] == "published" and (line["account"], line["network"]) == (account, network)
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


def created_by_source(ledger: Ledger) -> dict[str, int]:
    """Return how many posts were made of each source URL, live or not."""
    counts: dict[str, int] = defaultdict(int)
    for line in ledger:
        if line["event"] == "created":
            counts[line["source"] or line["media"]] += 1
    return dict(counts)
