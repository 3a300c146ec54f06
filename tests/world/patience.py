"""What is tried each second until somebody lives to do it: nothing is asked in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.world.scheduler import Hub
from tests.world.times import SECOND_US


class Patience:
    """Everything that waits for a worker, each on its own second.

    Between two of its seconds at which nobody can be able nothing comes of trying, so those are
    left out: a world in which all stand still for twenty minutes is not asked 1,200 times.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: list[_Waiting] = []

    def wait(self, able_from_us: int | None, tried: Callable[[], None]) -> None:
        """Have something tried a second from now, or whole seconds later.

        Args:
            able_from_us: the moment before which nobody is able, None before `stir` is called.
        """
        waiting = _Waiting(self._hub.now_us, tried)
        self._waiting.append(waiting)
        if able_from_us is not None:
            self._plan(waiting, max(able_from_us, self._hub.now_us + 1))

    def stir(self) -> Sequence[int]:
        """Have everything tried at its next second: somebody may be able sooner than was known.

        Returns since when each has waited.
        """
        for waiting in self._waiting:
            self._plan(waiting, self._hub.now_us)
        return [waiting.since_us for waiting in self._waiting]

    def _plan(self, waiting: _Waiting, from_us: int) -> None:
        seconds = max(-((waiting.since_us - from_us) // SECOND_US), 1)
        waiting.at_us = at_us = waiting.since_us + seconds * SECOND_US

        def tries() -> None:
            if waiting.at_us == at_us and waiting in self._waiting:
                self._waiting.remove(waiting)
                waiting.tried()

        self._hub.at((at_us - self._hub.now_us) / SECOND_US, tries)


class _Waiting:
    __slots__ = ("at_us", "since_us", "tried")

    def __init__(self, since_us: int, tried: Callable[[], None]) -> None:
        self.since_us = since_us
        self.tried = tried
        self.at_us = -1
