"""Putting never blocks, whoever reads or does not, and the order of the bytes is kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from storyclip.progress.outbox import MAX_WAITING_BYTES, Ending, Outbox

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Our end of a line and the viewer's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ours, theirs


def waits(outbox: Outbox) -> None:
    """Have the outbox as while the viewer's own thread waits in `take`."""
    assert outbox.take(0) == b""
    outbox._is_held = False


def received(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += line.recv(65536)
    return data


def test_what_is_put_while_nobody_writes_is_sent_at_once(ends):
    outbox = Outbox(ends[0])
    waits(outbox)

    outbox.put(b"event")

    assert ends[1].recv(100) == b"event"


def test_what_is_put_while_the_thread_writes_comes_after_it(ends):
    outbox = Outbox(ends[0])

    outbox.put(b"second")
    ends[0].sendall(b"first ")
    stuck = outbox.take(0)

    assert stuck == b"second"
    assert ends[1].recv(100) == b"first "


def test_a_viewer_that_does_not_read_is_dropped_and_blocks_nobody(ends):
    outbox = Outbox(ends[0])
    waits(outbox)

    puts = 0
    while outbox.ending is None:
        outbox.put(b"x" * 1000)
        puts += 1
        assert puts < 10_000

    assert outbox.ending is Ending.SLOW
    assert outbox.take(0) is None
    assert puts * 1000 > MAX_WAITING_BYTES


def test_a_viewer_that_reads_again_gets_every_byte_in_order(ends):
    outbox = Outbox(ends[0])
    sent = b"".join(b"%05d" % number for number in range(60_000))
    got: list[bytes] = []

    def write() -> None:
        while (data := outbox.take(5)) is not None:
            ends[0].sendall(data)

    def read() -> None:
        got.append(received(ends[1], len(sent)))

    waits(outbox)
    for start in range(0, 200_000, 5000):
        outbox.put(sent[start : start + 5000])
    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    for start in range(200_000, len(sent), 500):
        outbox.put(sent[start : start + 500])
    threads[1].join()
    outbox.end(Ending.DONE)
    threads[0].join()

    assert got == [sent]


def test_the_end_comes_after_all_that_was_put_before_it():
    outbox = Outbox()
    outbox.put(b"last")

    outbox.end(Ending.DONE)

    assert outbox.take(0) == b"last"
    assert outbox.take(0) is None


def test_the_first_reason_to_end_counts():
    outbox = Outbox()

    outbox.end(Ending.REVOKED)
    outbox.end(Ending.STOPPING)

    assert outbox.ending is Ending.REVOKED


def test_who_hung_up_is_noticed_by_the_next_put(ends):
    outbox = Outbox(ends[0])
    waits(outbox)
    ends[1].close()

    outbox.put(b"event")

    assert outbox.ending is Ending.GONE


def test_what_is_put_behind_something_stuck_does_not_overtake_it(ends):
    outbox = Outbox(ends[0])
    waits(outbox)
    ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    outbox.put(b"a" * 200_000)
    while len(ends[1].recv(1 << 20, socket.MSG_PEEK)) > len(ends[1].recv(1 << 20)):
        pass
    outbox.put(b"b")
    stuck = outbox.take(0)

    assert stuck is not None
    assert stuck.endswith(b"ab")
