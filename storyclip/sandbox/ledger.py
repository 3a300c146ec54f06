"""The ledger: what really happened at this Metricool, one JSON line a fact, in time order.

A line is {"time", "event", "account", "network", "media", "source", "postId", "uuid", "plannedFor",
"detail", "by", "madeBy", "restoredBy"}. `event` is one of EVENTS. Tests judge by these lines; a
restarted sandbox rebuilds its posts from them, which is what the extra `post` is for.

`media` is what was sent, whatever is shown. `by` is who did it: "api", or "person" for somebody in
the planner, and null for what Metricool does by itself. `madeBy` is who made the post's first
version: an edit, which makes a new id, leaves it, a copy does not. `restoredBy` is who brought it
back from among the deleted, if anybody has.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from storyclip.sandbox.clock import from_rfc3339, rfc3339

Line = dict[str, Any]

EVENTS = (
    "created",
    "published",
    "refused",
    "error",
    "deleted",
    "normalized",
    "uploaded",  # `sha256`, `bytes` and `parts` of what lies behind `media` now
    "vanished",  # gone and not among the deleted
    "changed",  # date patched, restored, or forced by a control call; network is null
    "counted",  # a control call set the month's counter of a brand to `detail`
    "reset",  # everything before this line is forgotten
)


class LedgerBroken(Exception):
    """A line of the file is not JSON: nobody may append to what cannot be read back."""


class AnyLedger(Protocol):
    """What the sandbox writes its facts into and reads them back from."""

    last_time_ms: int

    def append(self, at_ms: int, facts: Iterable[Line]) -> None:
        """Write facts of one moment; one that lies before the last line gets that line's time."""

    def lines(self) -> list[Line]:
        """Every line since the last reset, oldest first."""


class MemoryLedger:
    """The same without a file, for a simulation: it ends with the world that it tells of."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self.last_time_ms = 0

    def append(self, at_ms: int, facts: Iterable[Line]) -> None:
        self.last_time_ms = max(at_ms, self.last_time_ms)
        time = rfc3339(self.last_time_ms)
        for fact in facts:
            if fact["event"] == "reset":
                self._lines.clear()
            self._lines.append({"time": time, **fact})

    def lines(self) -> list[Line]:
        """Every line since the last reset, oldest first: the list itself, to read only."""
        return self._lines


class Ledger:
    """The file. Every append is one write to the kernel, so kill -9 loses nothing; no fsync."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        lines = self.lines()
        self.last_time_ms = from_rfc3339(lines[-1]["time"]) if lines else 0

    def append(self, at_ms: int, facts: Iterable[Line]) -> None:
        at_ms = max(at_ms, self.last_time_ms)
        time = rfc3339(at_ms)
        text = "".join(_encode({"time": time, **fact}) + "\n" for fact in facts)
        os.write(self._file, text.encode())
        self.last_time_ms = at_ms

    def lines(self) -> list[Line]:
        """Every line since the last reset, oldest first.

        Raises:
            LedgerBroken: with the number of the line that cannot be read.
        """
        return read_ledger(self._path)


def read_ledger(path: Path) -> list[Line]:
    """The lines of a ledger file since its last reset, oldest first.

    Raises:
        LedgerBroken: with the number of the line that cannot be read.
    """
    lines: list[Line] = []
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError as broken:
            raise LedgerBroken(f"{path}, line {number}: not JSON: {text[:100]!r}") from broken
        if line["event"] == "reset":
            lines.clear()
        lines.append(line)
    return lines


def fact(
    event: str,
    account: str | None,
    network: str | None,
    *,
    media: str | None = None,
    source: str | None = None,
    post_id: int | None = None,
    uuid: str | None = None,
    planned_for_ms: int | None = None,
    detail: str | None = None,
    by: str | None = None,
    made_by: str | None = None,
    restored_by: str | None = None,
) -> Line:
    return {
        "event": event,
        "account": account,
        "network": network,
        "media": media,
        "source": source,
        "postId": post_id,
        "uuid": uuid,
        "plannedFor": None if planned_for_ms is None else rfc3339(planned_for_ms),
        "detail": detail,
        "by": by,
        "madeBy": made_by,
        "restoredBy": restored_by,
    }


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
