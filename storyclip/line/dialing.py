"""A connection to one of several addresses, all of them within one call's time."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from storyclip.line.addresses import Found
from storyclip.line.deadline import Call, CallOver

CONNECT_S = 5.0  # per address: a dead IPv6 route must leave time for IPv4


def dial(addresses: Iterable[Found], call: Call) -> socket.socket:
    """Return a line to the first address that takes one; the call can cut it from outside.

    Raises:
        OSError: the last one's reason, or that there is no address.
        CallOver: the call's time was up first.
    """
    why = OSError("no address")
    for family, kind, proto, _, address in addresses:
        line = socket.socket(family, kind, proto)
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            call.take(line)
            line.settimeout(min(CONNECT_S, call.time_left_s()))
            line.connect(address)
            line.settimeout(call.time_left_s())
        except OSError as failure:
            why = failure
            line.close()
        except CallOver:
            line.close()
            raise
        else:
            return line
    raise why
