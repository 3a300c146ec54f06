"""What happens in a history, decided by name: the same seed takes the same choices.

A choice is not the next number of a stream but a hash of the seed and of its own name, so that a
history with one disturbance less is otherwise the same history. A history is therefore a scenario
and the set of disturbances that took place, and can be shrunk by leaving some of them out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_SCALE = 1 / 2**64


class Choices:
    """The choices of one seed; with `allowed`, exactly those disturbances take place."""

    def __init__(self, seed: int, allowed: Collection[str] | None = None) -> None:
        self._keyed = blake2b(digest_size=8, key=seed.to_bytes(8, "big"))  # half as dear to copy
        self._allowed = None if allowed is None else frozenset(allowed)
        self.is_replay = allowed is not None
        self._asked: dict[str, int] = {}
        self.taken: list[str] = []

    def draw(self, name: str) -> float:
        """Return a number from 0 to 1 that hangs on seed and name alone."""
        drawn = self._keyed.copy()
        drawn.update(name.encode())
        return int.from_bytes(drawn.digest(), "big") * _SCALE

    def between(self, name: str, low: float, high: float) -> float:
        """Return a number from `low` to `high`."""
        return low + (high - low) * self.draw(name)

    def whole(self, name: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int((high - low + 1) * self.draw(name))

    def pick(self, name: str, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(len(options) * self.draw(name))]

    def nth(self, about: str) -> str:
        """Return a name for the n-th time that something is asked about."""
        self._asked[about] = number = self._asked.get(about, 0) + 1
        return f"{about} #{number}"

    def takes(self, kind: str, about: str, probability: float) -> str | None:
        """Return the name of a disturbance that takes place now, None if it does not.

        `about` says to whom it happens; asked for the n-th time, it is the n-th chance of its kind
        there. What it amounts to is drawn under its name.
        """
        return self.one_of(about, ((kind, probability),), kind)

    def one_of(
        self, about: str, kinds: Sequence[tuple[str, float]], chance: str = "any"
    ) -> str | None:
        """Return the name of at most one disturbance of several kinds, `kind: about #n`."""
        asked = f"{chance} {about}"
        self._asked[asked] = number = self._asked.get(asked, 0) + 1
        suffix = f": {about} #{number}"
        if self._allowed is not None:
            for kind, _ in kinds:
                if kind + suffix in self._allowed:
                    return self._take(kind + suffix)
            return None
        left = self.draw(chance + suffix)
        for kind, probability in kinds:
            left -= probability
            if left < 0:
                return self._take(kind + suffix)
        return None

    def _take(self, name: str) -> str:
        self.taken.append(name)
        return name


def kind_of(name: str) -> str:
    """Return the kind of a disturbance by its name."""
    return name.partition(":")[0]
