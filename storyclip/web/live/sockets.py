"""The sockets below the streams: who hung up, and writes that the server knows nothing of."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any

from storyclip.progress.outbox import Ending, Outbox
from storyclip.web.door.unhurried import Unhurried
from storyclip.web.live.wires import close_frame

# A viewer whose line takes nothing for so long is gone; below gunicorn's time to stop.
SEND_WITHIN_S = 4
CLOSES_WITHIN_S = 1.0  # what a browser gets to answer a closing frame
FAREWELLS = 8  # of those who were not let in: each takes a thread, and needs no key
KERNEL_BYTES = 128 * 1024  # that the kernel keeps for one viewer; by itself it goes up to 4 MB
SOCKET_KEYS = ("gunicorn.socket", "werkzeug.socket")

_farewells = threading.BoundedSemaphore(FAREWELLS)


def plain_socket(environ: Mapping[str, Any]) -> socket.socket | None:
    """Return the socket of a request if bytes may be written past gunicorn; else None.

    Not with TLS or HTTP/2, where what is written is not what goes out.
    """
    found = itself(environ.get("gunicorn.socket"))
    if type(found) is not socket.socket or environ.get("HTTP_VERSION") == "2":
        return None
    return found


def itself(line: Any) -> Any:
    """Return the socket below what gunicorn writes an answer to, if there is one."""
    return line.itself() if isinstance(line, Unhurried) else line


def prepare(line: socket.socket) -> None:
    """Have the line send small pieces at once, keep little, and fail where nobody reads."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_WITHIN_S, 0))


def hang_up(line: socket.socket) -> None:
    """Shut the line both ways: gunicorn's main thread would wait 2 s for the other end to do so."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


class Lookout:
    """One thread that sees who hangs up, for viewers that are only written to."""

    def __init__(self) -> None:
        self._selector: selectors.BaseSelector | None = None
        self._lock = threading.Lock()

    def watch(self, line: socket.socket, outbox: Outbox) -> None:
        """End the outbox when the other end hangs up."""
        with self._lock:
            if self._selector is None:
                self._selector = selectors.DefaultSelector()
                # A registration wakes neither epoll nor kqueue, it simply counts from then on;
                # with nothing registered kqueue would refuse to wait.
                self._bell, keep = socket.socketpair()
                self._selector.register(keep, selectors.EVENT_READ, None)
                threading.Thread(target=self._run, name="lookout", daemon=True).start()
            self._selector.register(line, selectors.EVENT_READ, outbox)

    def forget(self, line: socket.socket) -> None:
        """Stop watching; before the line is closed."""
        with self._lock, contextlib.suppress(KeyError, ValueError):
            assert self._selector is not None
            self._selector.unregister(line)

    def _run(self) -> None:
        assert self._selector is not None
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.fileobj, socket.socket) and isinstance(key.data, Outbox):
                    if _has_hung_up(key.fileobj):
                        key.data.end(Ending.GONE)
                    self.forget(key.fileobj)  # said more than its request: beats will tell


def _has_hung_up(line: socket.socket) -> bool:
    try:
        return not line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Tap:
    """A socket as simple-websocket sees it, whose thread answers pings amid what others send.

    It also leaves the closing to gunicorn, which miscounts its connections when that fails.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._is_open = True
        self._hung_up = threading.Event()
        self.outbox: Outbox | None = None

    def begin(self) -> Outbox:
        """Let everything go through an outbox from now on, and return it."""
        with contextlib.suppress(OSError):  # it has hung up already, as writing will show
            prepare(self._line)
        shortcut = self._line if type(self._line) is socket.socket else None
        outbox = self.outbox = Outbox(shortcut)
        if self._hung_up.is_set():
            outbox.end(Ending.GONE)
        return outbox

    def write(self, data: bytes) -> None:
        """Write for the viewer's own thread, which may have to wait."""
        self._line.sendall(data)

    def finish(self, code: int | None = None, reason: str = "") -> None:
        """Close the WebSocket, with a closing frame if none was written; gunicorn does the rest."""
        with contextlib.suppress(OSError):
            if code is not None:
                self._line.sendall(close_frame(code, reason))
        self._is_open = False
        if self.outbox is not None:
            self._hung_up.wait(CLOSES_WITHIN_S)
        elif _farewells.acquire(blocking=False):
            self._hung_up.wait(CLOSES_WITHIN_S)
            _farewells.release()
        hang_up(self._line)

    def fileno(self) -> int:
        return self._line.fileno()

    def recv(self, size: int) -> bytes:
        return self._line.recv(size)

    def send(self, data: bytes) -> int:
        if self.outbox is not None:
            self.outbox.put(data)
        elif self._is_open:
            self._line.sendall(data)
        return len(data)

    def close(self) -> None:
        self._hung_up.set()
        if self.outbox is None:
            hang_up(self._line)
        else:  # an answer to the other end's goodbye may still be in there
            self.outbox.end(Ending.GONE)
