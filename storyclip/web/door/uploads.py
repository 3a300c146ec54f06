"""How many files arrive at once in this process, of everybody and of each user."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from storyclip.domain.file_errors import TooManyFiles

AT_ONCE = 20  # each holds a thread; the door lets a few more in, who are told to wait
OF_ONE = 8  # user


class Uploads:
    """The requests whose bytes arrive now."""

    def __init__(self, at_once: int = AT_ONCE, of_one: int = OF_ONE) -> None:
        self._at_once, self._of_one = at_once, of_one
        self._of = Counter[str]()
        self._lock = threading.Lock()

    @contextmanager
    def one_more(self, user_id: str) -> Iterator[None]:
        """Let another file of a user arrive meanwhile.

        Raises:
            TooManyFiles: as many do already as may.
        """
        with self._lock:
            running, everybodys = self._of[user_id], self._of.total()
            if running >= self._of_one:
                raise TooManyFiles(running, self._of_one)
            if everybodys >= self._at_once:
                raise TooManyFiles(everybodys, self._at_once)
            self._of[user_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of[user_id] -= 1
                self._of += Counter()  # forget who has none
