"""What simple-websocket says on a viewer's line does not mix with what others say."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from storyclip.progress.outbox import Ending
from storyclip.web.live.sockets import Tap

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A TCP line: our end and the viewer's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as door,
        socket.create_connection(door.getsockname()) as theirs,
    ):
        ours, _ = door.accept()
        theirs.settimeout(5)
        with ours:
            yield ours, theirs


def test_the_handshake_goes_out_at_once(ends):
    tap = Tap(ends[0])

    tap.send(b"HTTP/1.1 101")

    assert ends[1].recv(100) == b"HTTP/1.1 101"


def test_an_answer_to_a_ping_does_not_cut_a_frame_in_two(ends):
    tap = Tap(ends[0])
    outbox = tap.begin()

    tap.write(b"half a ")
    tap.send(b"pong")
    tap.write(b"frame")

    assert ends[1].recv(100).startswith(b"half a ")
    assert outbox.take(0) == b"pong"


def test_closing_it_leaves_the_socket_to_the_server(ends):
    tap = Tap(ends[0])
    outbox = tap.begin()

    tap.close()
    tap.finish()

    assert outbox.ending is Ending.GONE
    assert ends[0].fileno() >= 0
    assert ends[1].recv(100) == b""
