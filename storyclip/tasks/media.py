"""The media process: files are looked into and mended, and clips' bytes are brought to Metricool.

What is due is read from the rows twice a second. No broker stands between: a bell could only tell
what the rows say as soon, and files go on while Redis is away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog

from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.media.errors import ToolBroken

log = structlog.get_logger("storyclip")

LOOK_S = 0.5
ASKED_FOR = 20  # of what is due, the first of each user before all others
MOST_SERVED = 1000  # users whose turn is known; the one of longest ago is as good as new
STOP_S = 15.0  # for what is under way; the rows tell the next process of what is cut off

Id = TypeVar("Id")


class Bench(Generic[Id]):
    """Does what is due of one kind, a few at a time, and users in turn.

    A film takes minutes: whoever sends a hundred of them keeps nobody waiting for more than one.
    """

    def __init__(
        self,
        name: str,
        due: Callable[[int], Sequence[Id]],
        do: Callable[[Id], None],
        at_once: int,
        whose: Callable[[Id], str],
    ) -> None:
        """Prepare; `due` is asked for at most so many ids, `do` does what is due of one.

        Args:
            whose: returns the user for whom one is done.
        """
        self._name = name
        self._due = due
        self._do = do
        self._at_once = at_once
        self._whose = whose
        self._served: dict[str, None] = {}  # who was served last stands last
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._in_hand: set[Id] = set()
        self._lock = threading.Lock()

    def look(self) -> None:
        """Begin what is due, if a place is free.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._lock:
            taken = frozenset(self._in_hand)
        if len(taken) >= self._at_once:
            return
        waiting = [one for one in self._due(len(taken) + ASKED_FOR) if one not in taken]
        for one in self._in_turn(waiting, self._at_once - len(taken)):
            with self._lock:
                self._in_hand.add(one)
            self._pool.submit(self._run, one).add_done_callback(self._say)

    def _in_turn(self, waiting: Sequence[Id], free: int) -> Sequence[Id]:
        """Return what to begin: of who was served least lately; of one user as it came."""
        last = {user: turn for turn, user in enumerate(self._served)}
        users = {one: self._whose(one) for one in waiting}
        chosen = sorted(waiting, key=lambda one: last.get(users[one], -1))[:free]
        for one in chosen:
            self._served.pop(users[one], None)
            self._served[users[one]] = None
        while len(self._served) > MOST_SERVED:
            del self._served[next(iter(self._served))]
        return chosen

    def stop(self) -> None:
        """Begin nothing more; what is under way goes on."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def is_busy(self) -> bool:
        """Return whether something is under way."""
        with self._lock:
            return bool(self._in_hand)

    def _run(self, one: Id) -> None:
        try:
            self._do(one)
        except NotFound:
            log.info("media_gone", kind=self._name, id=one)
        except (StoreUnavailable, ToolBroken) as failure:
            log.error("media_not_done", kind=self._name, id=one, reason=str(failure))
        finally:
            with self._lock:
                self._in_hand.discard(one)

    def _say(self, outcome: Future[None]) -> None:
        if not outcome.cancelled() and (failure := outcome.exception()) is not None:
            log.error("media_broke", kind=self._name, exc_info=failure)


def run(
    benches: Sequence[Bench[int] | Bench[str]],
    chores: Sequence[Callable[[], None]],
    give_sign: Callable[[], None],
    stopping: threading.Event,
) -> None:
    """Look what is due until it is time to stop; then wait a while for what is under way.

    Args:
        give_sign: called after looks at what is due that could be made: then this process lives.
    """
    while not stopping.wait(LOOK_S):
        looked = [_is_done(bench.look) for bench in benches]
        if all(looked):
            _is_done(give_sign)
        for chore in chores:
            _is_done(chore)
    for bench in benches:
        bench.stop()
    waited_s = 0.0
    while waited_s < STOP_S and any(bench.is_busy() for bench in benches):
        threading.Event().wait(LOOK_S)
        waited_s += LOOK_S


def _is_done(look: Callable[[], None]) -> bool:
    """Do it, and return whether it could be done; else it is done at the next look."""
    try:
        look()
    except StoreUnavailable as failure:
        log.error("store_unavailable", reason=str(failure))
        return False
    except OSError as failure:  # of the disk or the bucket
        log.error("files_unavailable", reason=str(failure))
        return False
    return True
