"""Lines to a PostgreSQL server that go down for a while, each at the very moment it is told to."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from storyclip.stack.ports import HOST

COMMITTED = b"C\0\0\0\x0bCOMMIT\0"  # the server's answer to a commit, its CommandComplete
DONE = b"."


class Outage(StrEnum):
    """How a server is away: what its clients see of it."""

    CUT = "cut"  # all lines end, and nobody listens
    STILL = "still"  # no byte comes or goes, no line ends; then they go on
    UNANSWERED = "unanswered"  # the next commit is done, and the lines are cut before it is said


class Line:
    """A port that leads to the server; `control` is one for who asks for an outage, in one word."""

    def __init__(self, server_port: int, away_s: float) -> None:
        """Prepare a line whose outages last so many seconds."""
        self._server_port, self._away_s = server_port, away_s
        self._ends = set[_End]()
        self._listener: asyncio.Server | None = None
        self._is_still = False
        self._is_mute = False
        self._asking: asyncio.Server | None = None
        self._place = socket.socket()  # keeps the port ours while nobody listens
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._ending: asyncio.TimerHandle | None = None
        self.port = self.control = 0
        self.away_since = 0.0  # of the last outage, by the loop's clock, which is monotonic
        self.back_at = 0.0

    async def open(self) -> None:
        """Listen, on both ports."""
        loop = asyncio.get_running_loop()
        self._asking = await asyncio.start_server(self._asked, HOST, 0)
        self.control = int(self._asking.sockets[0].getsockname()[1])
        self._place.bind((HOST, 0))
        self.port = int(self._place.getsockname()[1])
        self._listener = await loop.create_server(self._new, HOST, self.port)

    async def close(self) -> None:
        """End everything."""
        if self._ending is not None:
            self._ending.cancel()
        for listener in (self._asking, self._listener):
            if listener is not None:
                listener.close()
        self._place.close()
        for end in tuple(self._ends):
            end.transport.abort()

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Have the outage that a process asks for; it goes on once that has begun."""
        outage = Outage((await reader.readline()).decode().strip())
        if outage is Outage.UNANSWERED:
            self._is_mute = True  # until the next commit
        else:
            self._begin(outage)
        writer.write(DONE)
        await writer.drain()
        writer.close()

    def _begin(self, outage: Outage) -> None:
        loop = asyncio.get_running_loop()
        self.away_since = loop.time()
        self._is_mute = False
        if outage is Outage.STILL:
            self._is_still = True
            for end in self._ends:
                end.transport.pause_reading()
        else:
            assert self._listener is not None
            self._listener.close()
            self._listener = None
            for end in tuple(self._ends):
                end.transport.abort()
        self._ending = loop.call_later(self._away_s, lambda: loop.create_task(self._end()))

    async def _end(self) -> None:
        loop = asyncio.get_running_loop()
        if self._listener is None:
            self._listener = await loop.create_server(self._new, HOST, self.port)
        self._is_still = False
        for end in self._ends:
            end.transport.resume_reading()
        self.back_at = loop.time()

    def _new(self) -> _End:
        """Begin a line: this end is the client's, the other one is the server's."""
        return _End(self, self._server_port)

    def came(self, end: _End) -> None:
        """Have one end more."""
        self._ends.add(end)
        if self._is_still:
            end.transport.pause_reading()

    def went(self, end: _End) -> None:
        """Have one end less."""
        self._ends.discard(end)

    def is_to_be_said(self, answer: bytes) -> bool:
        """Return whether a client gets an answer; where not, all lines end before it."""
        if not self._is_mute or COMMITTED not in answer:
            return True
        self._begin(Outage.UNANSWERED)
        return False


class _End(asyncio.Protocol):
    """One of the two ends of a line: gives to the other what it gets."""

    transport: asyncio.Transport

    def __init__(self, line: Line, server_port: int, other: _End | None = None) -> None:
        self._line, self._server_port, self._other = line, server_port, other
        self._is_servers = other is not None
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._line.came(self)
        if self._other is None:
            asyncio.get_running_loop().create_task(self._reach())
        else:
            self._other.reached(self)

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self._early += data
        elif not self._is_servers or self._line.is_to_be_said(data):
            self._other.transport.write(data)

    def connection_lost(self, failure: Exception | None) -> None:
        self._line.went(self)
        if self._other is not None:
            self._other.transport.close()

    def reached(self, server: _End) -> None:
        self._other = server
        server.transport.write(self._early)

    async def _reach(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: _End(self._line, self._server_port, self), HOST, self._server_port
            )
        except OSError:
            self.transport.abort()


class Lines:
    """Opens lines to one server, whose outages last so many seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server_port: int, away_s: float) -> None:
        self._loop, self._server_port, self._away_s = loop, server_port, away_s

    @contextmanager
    def line(self) -> Iterator[Line]:
        """Have one more for the block."""
        line = Line(self._server_port, self._away_s)
        self._do(line.open())
        try:
            yield line
        finally:
            self._do(line.close())

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result()


@contextmanager
def lines(server_port: int, away_s: float) -> Iterator[Lines]:
    """Have lines for the block, which are served by a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="lines")
    thread.start()
    try:
        yield Lines(loop, server_port, away_s)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def ask_for(outage: str, control: int) -> None:
    """Have an outage of a line now; returns once it has begun."""
    with socket.create_connection((HOST, control)) as asking:
        asking.sendall(f"{outage}\n".encode())
        assert asking.recv(1) == DONE
