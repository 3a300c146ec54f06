"""Through whose hands a request came, and who is at the far end of it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address


class Proxies:
    """Whose word on the far end counts.

    Werkzeug's `ProxyFix` counts hops and believes whoever speaks to us; here the addresses decide,
    so that who comes past the proxy is nobody but themselves.
    """

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network]) -> None:
        self._networks = tuple(networks)

    def has(self, address: str) -> bool:
        """Return whether the address is that of a proxy of ours."""
        found = _read(address) if self._networks else None
        return found is not None and self._trusts(found)

    def client_of(self, peer: str, forwarded_for: str) -> str:
        """Return the nearest address that is no proxy of ours: what is left of it, anybody wrote.

        Args:
            peer: the other end of the line.
            forwarded_for: `X-Forwarded-For`, to which each proxy adds whom it heard.
        """
        client = peer
        for hop in [peer, *reversed(forwarded_for.split(","))]:
            found = _read(hop)
            if found is None:
                break
            client = str(found)
            if not self._trusts(found):
                break
        return client

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def home_of(address: str | None) -> str:
    """Return who an address stands for: of IPv6 whoever has the /64, since all of it is theirs."""
    found = _read(address or "")
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found or "")


def _read(text: str) -> Address | None:
    """Return the address in `1.2.3.4`, `1.2.3.4:56`, `::1`, `[::1]:56` or `fe80::1%eth0`."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
