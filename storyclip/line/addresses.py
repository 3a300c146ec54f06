"""Which addresses a name has, and the one rule for those that strangers may have us ask.

The name is resolved once and the connection goes to what was checked, so that a name cannot lead
elsewhere a moment later (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

# As `socket.getaddrinfo` returns it: family, kind, protocol, canonical name, address.
Found = tuple[Any, ...]
Find = Callable[[str, int], Sequence[Found]]


class NotPublic(Exception):
    """A host has an address that is not one of the public internet, or none at all."""


def resolve(host: str, port: int) -> Sequence[Found]:
    """Return all addresses of a host, as the system's resolver has them.

    Raises:
        OSError: it has none.
    """
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def public_only(find: Find, is_public: Callable[[str], bool]) -> Find:
    """Return a way to find addresses that finds public ones alone.

    All of them have to be, not one: a name with a private address beside a public one is not to be
    had. Which address it is stays unsaid: nobody is to map a network by asking us.
    """

    def found(host: str, port: int) -> Sequence[Found]:
        try:
            addresses = find(host, port)
        except (OSError, UnicodeError):
            raise NotPublic("its host has no address") from None
        if not addresses or not all(is_public(str(one[4][0])) for one in addresses):
            raise NotPublic("its host has an address that is not a public one")
        return addresses

    return found
