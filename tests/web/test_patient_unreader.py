"""A long body has its time as long as it comes, and is over when it does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from storyclip.web.door.malformed import Unfinished
from storyclip.web.door.patient_unreader import (
    FILE_PIECE_BYTES,
    LEAST_BYTES_A_S,
    PatientUnreader,
    meanwhile,
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_every_byte_that_comes_gives_the_rest_more_time(pair):
    ours, theirs = pair
    unreader = PatientUnreader(ours)
    before = unreader.over_at
    theirs.sendall(b"x" * 4096)

    assert unreader.chunk() == b"x" * 4096
    assert unreader.over_at == pytest.approx(before + 4096 / LEAST_BYTES_A_S)


def test_a_body_that_does_not_come_is_over(pair):
    unreader = PatientUnreader(pair[0])
    unreader.over_at = time.monotonic() + 0.05

    assert unreader.chunk() == b""
    assert unreader.is_over


def test_of_a_whole_request_nothing_more_is_waited_for(pair):
    unreader = PatientUnreader(pair[0])
    unreader.is_whole = True

    with pytest.raises(Unfinished):
        unreader.chunk()


def test_of_a_long_body_no_more_is_held_at_once_than_a_piece(pair):
    ours, theirs = pair
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    theirs.setblocking(False)
    came = theirs.send(b"x" * (1 << 20))
    assert came > 2 * FILE_PIECE_BYTES

    piece = PatientUnreader(ours).chunk(came)

    assert len(piece) <= FILE_PIECE_BYTES


def test_a_look_meanwhile_ends_a_body_of_which_nothing_comes(pair):
    looks: list[float] = []

    def look() -> None:
        looks.append(time.monotonic())
        if len(looks) == 2:
            raise PermissionError("taken away")

    with meanwhile(look), pytest.raises(PermissionError):
        PatientUnreader(pair[0]).chunk()

    assert looks[1] - looks[0] < 1


def test_a_look_meanwhile_gives_a_body_no_more_time(pair):
    unreader = PatientUnreader(pair[0])
    unreader.over_at = time.monotonic() + 0.05

    with meanwhile(lambda: None):
        assert unreader.chunk() == b""
    assert unreader.is_over
