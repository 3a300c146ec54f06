"""Answers that were read of late: most looks see what the last one saw."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from storyclip.domain.network import Network
from storyclip.upstream.reading import parsed

KEPT = 64  # answers of one kind
MOST_BYTES = 16 << 10  # of one that is kept: some fifteen posts

T = TypeVar("T")


def reader(read: Callable[[Any, Network], T]) -> Callable[[bytes, Network], T]:
    """Return what reads a body for a network by the JSON in it, and the same body only once.

    What `read` returns is given to whoever asks, so nobody may change it; what it raises is raised
    each time.
    """

    def anew(body: bytes, network: Network) -> T:
        return read(parsed(body), network)

    known = lru_cache(KEPT)(anew)

    def either(body: bytes, network: Network) -> T:
        return known(body, network) if len(body) <= MOST_BYTES else anew(body, network)

    return either
