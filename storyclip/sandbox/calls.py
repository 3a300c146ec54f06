"""Who called what, and when: the record that GET /control/requests and /control/counts show."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from storyclip.sandbox.answers import Answer, Wire

# Enough for any test; benchmarks make millions of calls and read only the counts.
KEPT_CALLS = 200_000


@dataclass(slots=True, eq=False)
class CallRecord:
    received: float  # seconds since 1970, never going back; real time unless simulated
    method: str
    path: str
    account: str | None = None
    network: str | None = None
    source: str | None = None
    media: str | None = None
    status: int | str | None = None  # "dropped" without a whole answer; None: not answered yet


class CallLog:
    def __init__(self, now_s: Callable[[], float] | None = None) -> None:
        self._now_s = _real_time() if now_s is None else now_s
        self.clear()

    def clear(self) -> None:
        """Start anew; calls still under way belong to the past and count no more."""
        self._records: deque[CallRecord] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[str] = Counter()
        self._under_way: set[CallRecord] = set()
        self._most = 0
        self.let_in_ms: int | None = None  # the sandbox's time of the last call not refused for it

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def begin(self, method: str, path: str, account: str | None) -> CallRecord:
        record = CallRecord(self._now_s(), method, path, account)
        self._records.append(record)
        self._under_way.add(record)
        self._most = max(self._most, len(self._under_way))
        return record

    def count(self, route: str) -> None:
        self._counts[route] += 1

    def end(self, record: CallRecord, answer: Answer | None) -> None:
        """Write down what the client got; without an answer its line was cut."""
        whole = answer is not None and answer.wire in (Wire.WHOLE, Wire.DRIPPING)
        record.status = answer.status if answer is not None and whole else "dropped"
        self._under_way.discard(record)

    def listed(self, account: str | None) -> list[dict[str, Any]]:
        return [
            asdict(record)
            for record in self._records
            if account is None or record.account == account
        ]

    def counts(self) -> dict[str, Any]:
        return {
            "calls": dict(self._counts),
            "total": self._counts.total(),
            "concurrent": len(self._under_way),
            "concurrentMax": self._most,
        }


def _real_time() -> Callable[[], float]:
    """Real time that no change of the system's clock sends back."""
    real_minus_monotonic = time.time() - time.monotonic()
    return lambda: time.monotonic() + real_minus_monotonic
