"""The same answer is read once, and says the same; a long one is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from storyclip.domain.errors import UpstreamLookFailed
from storyclip.domain.network import Network
from storyclip.upstream.read_before import KEPT, MOST_BYTES, reader


@pytest.fixture
def reads() -> list[tuple[Any, Network]]:
    """What was read anew."""
    return []


@pytest.fixture
def read(reads):
    """Read a body, and note that it was."""

    def note(answer: Any, network: Network) -> str:
        reads.append((answer, network))
        if answer is None:
            raise UpstreamLookFailed("it cannot be read")
        return f"{answer} for {network}"

    return reader(note)


def test_what_has_not_changed_is_read_once_a_network(read, reads):
    said = [read(b"[1]", one) for one in (Network.FACEBOOK, Network.INSTAGRAM, Network.FACEBOOK)]

    assert said == ["[1] for facebook", "[1] for instagram", "[1] for facebook"]
    assert len(reads) == 2


def test_what_cannot_be_read_is_said_to_each_who_looks(read, reads):
    for _ in range(2):
        with pytest.raises(UpstreamLookFailed):
            read(b"{", Network.FACEBOOK)

    assert len(reads) == 2


@pytest.mark.parametrize("size", [MOST_BYTES + 1, MOST_BYTES])
def test_only_short_answers_are_kept(read, reads, size: int):
    for _ in range(2):
        read(b"1".ljust(size), Network.FACEBOOK)

    assert len(reads) == 1 + (size > MOST_BYTES)


def test_only_the_latest_are_kept(read, reads):
    for number in (*range(KEPT + 1), KEPT, 0):
        read(str(number).encode(), Network.FACEBOOK)

    assert len(reads) == KEPT + 2
