"""The runs of bytes that a file arrives in, and which of them are it."""

from __future__ import annotations

from collections.abc import Sequence

from storyclip.spool.objects import Found


class Run:
    """Bytes of a file that arrived in one go, by the name of their object."""

    def __init__(self, found: Found) -> None:
        self.name = found.name
        self.written_s = found.written_s
        start, end, _ = found.name.rpartition("/")[2].split("-")
        self.start, self.end = int(start), int(end)


def chain_of(runs: Sequence[Run], end: int) -> Sequence[Run]:
    """Return runs that follow each other from the beginning to `end`; none where one is missing.

    What was noted is such a chain; what was written beside it, and not noted, is left out.
    """
    ending_at: dict[int, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.written_s):
        ending_at.setdefault(run.end, []).append(run)
    chain, dead = list[Run](), set[str]()
    at = end
    while at > 0:
        before = [run for run in ending_at.get(at, ()) if run.name not in dead]
        if before:
            chain.append(before[-1])
        elif chain:
            dead.add(chain.pop().name)
            at = chain[-1].start if chain else end
            continue
        else:
            return []
        at = chain[-1].start
    return chain[::-1]
