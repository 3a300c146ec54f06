"""Look at every state that can be reached, nearest first, so that what breaks is a short story."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from storyclip.domain.clip import NoSuchEdge
from tests.model.judge import unfinished, wrong
from tests.model.scene import Scene
from tests.model.state import Happened, State
from tests.model.world import World


@dataclass
class Explored:
    """How many states and transitions there are; `fault` is what must not be, `story` how."""

    scene: Scene
    states: int = 0
    transitions: int = 0
    fault: str | None = None
    story: list[str] = field(default_factory=list)


class TooMany(Exception):
    """The scene has more states than there is time for."""


def explore(scene: Scene, at_most: int = 1_000_000) -> Explored:
    """Explore a scene until something is wrong, or there is nothing left to look at.

    Raises:
        TooMany: there are more than `at_most` states.
    """
    with capture_logs():  # what is decided again and again is logged each time
        return _Search(scene, at_most).run()


class _Search:
    """The states seen so far by number, each with where it was reached from, and how."""

    def __init__(self, scene: Scene, at_most: int) -> None:
        self._scene, self._at_most = scene, at_most
        self._world = World(scene)
        self._explored = Explored(scene)
        self._numbers: dict[Any, int] = {}
        self._came_from: list[tuple[int, str]] = []
        self._from: list[list[int]] = []  # by itself: whence each may come without anybody's act
        self._ended: list[int] = []

    def run(self) -> Explored:
        start = self._world.start()
        self._number(start, -1, "")
        waiting = deque([start])
        while waiting:
            state = waiting.popleft()
            number = self._numbers[self._world.key(state)]
            goes_on = False
            try:
                for happened in self._world.after(state):
                    self._explored.transitions += 1
                    goes_on = goes_on or happened.by_itself
                    if (new := self._reached(happened, number)) is None:
                        continue
                    if (fault := wrong(state, new)) is not None:
                        return self._told(fault, len(self._came_from) - 1)
                    waiting.append(new)
            except (NoSuchEdge, AssertionError, LookupError, TypeError) as flaw:
                return self._told(f"broke: {type(flaw).__name__}: {flaw}", number)
            if not goes_on:
                self._ended.append(number)
                if (fault := unfinished(state, self._scene)) is not None:
                    return self._told(fault, number)
        return self._judged_as_a_whole()

    def _reached(self, happened: Happened, number: int) -> State | None:
        """Return the state if it is new."""
        following = self._numbers.get(self._world.key(happened.state))
        is_new = following is None
        if following is None:
            following = self._number(happened.state, number, f"{happened.who} {happened.what}")
        if happened.by_itself:
            self._from[following].append(number)
        return happened.state if is_new else None

    def _number(self, state: State, came_from: int, words: str) -> int:
        """Count a state in.

        Raises:
            TooMany: it is one more than there may be.
        """
        number = len(self._came_from)
        if number >= self._at_most:
            raise TooMany(f"{self._scene.name}: more than {self._at_most} states")
        self._numbers[self._world.key(state)] = number
        self._came_from.append((came_from, words))
        self._from.append([])
        return number

    def _judged_as_a_whole(self) -> Explored:
        """Look for states from which no way leads to an end: there it runs in circles."""
        ends, waiting = set(self._ended), list(self._ended)
        while waiting:
            for before in self._from[waiting.pop()]:
                if before not in ends:
                    ends.add(before)
                    waiting.append(before)
        self._explored.states = len(self._came_from)
        circling = next((one for one in range(len(self._came_from)) if one not in ends), None)
        if circling is not None:
            return self._told("stuck: it runs in circles", circling)
        return self._explored

    def _told(self, fault: str, number: int) -> Explored:
        story = []
        while number >= 0:
            number, words = self._came_from[number]
            story.append(words)
        self._explored.states = len(self._came_from)
        self._explored.fault = fault
        self._explored.story = [words for words in reversed(story) if words]
        return self._explored
