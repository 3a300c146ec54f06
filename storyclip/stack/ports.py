"""Ports on this machine: free ones, and whether a given one is."""

from __future__ import annotations

import errno
import random
import socket

HOST = "127.0.0.1"
# Below what Linux and macOS hand out to outgoing connections: nobody takes such a port by chance
# between our look and the child's bind, or while a child that died is started again.
OURS = range(20_000, 32_000)
TRIES = 200


def free_port() -> int:
    """Return a port that nobody listens on.

    Raises:
        RuntimeError: none was found.
    """
    for port in random.sample(OURS, TRIES):
        if is_free(port):
            return port
    raise RuntimeError(f"no free port found between {OURS.start} and {OURS.stop}")


def is_free(port: int) -> bool:
    """Return whether a server could listen on `port` now.

    Raises:
        OSError: it may not, whoever else does: a port below 1024, say.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            listener.bind((HOST, port))
        except OSError as failure:
            if failure.errno == errno.EADDRINUSE:
                return False
            raise
    return True
