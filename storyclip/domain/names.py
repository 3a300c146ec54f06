"""Some of all users, or of all accounts: those named, or every one, which has to be said aloud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """A set of names; with `is_every` all there are and will be, and `named` is empty."""

    named: frozenset[str]
    is_every: bool

    def __contains__(self, name: object) -> bool:
        return self.is_every or name in self.named

    def __and__(self, other: Names) -> Names:
        if self.is_every or other.is_every:
            return self if other.is_every else other
        return Names(self.named & other.named, is_every=False)

    def __or__(self, other: Names) -> Names:
        return EVERY if self.is_every or other.is_every else names(self.named | other.named)

    def __le__(self, other: Names) -> bool:
        return other.is_every or (not self.is_every and self.named <= other.named)

    def __bool__(self) -> bool:
        return self.is_every or bool(self.named)


EVERY = Names(frozenset(), is_every=True)
NONE = Names(frozenset(), is_every=False)


def names(some: Iterable[str]) -> Names:
    """Return just these."""
    return Names(frozenset(some), is_every=False)
