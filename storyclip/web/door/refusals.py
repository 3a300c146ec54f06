"""How many refused entries are kept: some of each address, so that nobody fills the database."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storyclip.web.door.hops import home_of

WINDOW = timedelta(minutes=1)
MOST_OF_ONE = 10  # of one address in a window: enough to see what it tries
MOST_OF_ALL = 60  # of all addresses: one row a second, whoever knocks
MOST_ADDRESSES = 10_000  # remembered; the longest silent is forgotten first


@dataclass(slots=True)
class _Address:
    kept: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOST_OF_ONE))
    silent: int = 0


class Refusals:
    """The refused entries of the last minute, in this process alone."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._all: deque[datetime] = deque(maxlen=MOST_OF_ALL)
        self._lock = threading.Lock()

    def take(self, address: str | None, at: datetime) -> int:
        """Count a refusal; return 0 if it is not to be kept.

        Otherwise for how many it stands: itself, and those of its address that were not kept.
        """
        with self._lock:
            one = self._addresses.setdefault(home_of(address), _Address())
            self._addresses.move_to_end(home_of(address))
            if len(self._addresses) > MOST_ADDRESSES:
                self._addresses.popitem(last=False)
            if _is_full(one.kept, at) or _is_full(self._all, at):
                one.silent += 1
                return 0
            one.kept.append(at)
            self._all.append(at)
            times, one.silent = 1 + one.silent, 0
            return times


def _is_full(kept: deque[datetime], at: datetime) -> bool:
    return len(kept) == kept.maxlen and at - kept[0] < WINDOW
