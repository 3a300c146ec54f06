"""Keys that are tried out: who fails too often waits, and whoever holds a good key does not."""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from hashlib import blake2b

from storyclip.web.door.hops import home_of

WINDOW = timedelta(minutes=1)
MOST_OF_ONE = 30  # failures of one address in a window: a wrong setting in a script, not a search
MOST_OF_ALL = 1000  # of all addresses: a search from many
MOST_ADDRESSES = 10_000  # remembered; the longest silent is forgotten first
MOST_KNOWN = 10_000  # good keys whose hashes are kept


class Guesses:
    """The failed attempts of the last minute, in this process alone; good keys cost nothing.

    An address that has to wait may still use keys made by us, which nobody can guess, and keys
    that were good here before. Others, which may be weak words of the environment, are not even
    looked up for it.
    """

    def __init__(self, of_one: int = MOST_OF_ONE, of_all: int = MOST_OF_ALL) -> None:
        self._of_one, self._of_all = of_one, of_all
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._all: deque[datetime] = deque(maxlen=of_all)
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._salt = secrets.token_bytes(32)
        self._lock = threading.Lock()

    def wait_s(self, address: str | None, at: datetime) -> int:
        """Return for how many seconds the address has to wait, 0 if it may try."""
        with self._lock:
            mine = self._failed.get(home_of(address), deque())
            waits = [_until_free(mine, self._of_one, at), _until_free(self._all, self._of_all, at)]
            return max(waits)

    def failed(self, address: str | None, at: datetime) -> None:
        """Count a key that was not good."""
        home = home_of(address)
        with self._lock:
            mine = self._failed.setdefault(home, deque(maxlen=self._of_one))
            self._failed.move_to_end(home)
            mine.append(at)
            self._all.append(at)
            if len(self._failed) > MOST_ADDRESSES:
                self._failed.popitem(last=False)

    def was_good(self, key: str, user_id: str) -> None:
        """Remember whose a good key is, by a hash that is worth nothing outside this process."""
        with self._lock:
            digest = self._digest(key)
            self._known[digest] = user_id
            self._known.move_to_end(digest)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)

    def was_bad(self, key: str) -> None:
        """Forget a key that is good no more: from now on it is one of those that are tried out."""
        with self._lock:
            self._known.pop(self._digest(key), None)

    def whose(self, key: str) -> str | None:
        """Return whose the key was when it was good here, None if it never was."""
        return self._known.get(self._digest(key))

    def _digest(self, key: str) -> bytes:
        return blake2b(key.encode("utf-8", "replace"), key=self._salt, digest_size=16).digest()


def _until_free(failed: deque[datetime], most: int, at: datetime) -> int:
    """Return the seconds until one more failure fits; `failed` never holds more than `most`."""
    if len(failed) < most:
        return 0
    return max(0, math.ceil((failed[0] + WINDOW - at).total_seconds()))
