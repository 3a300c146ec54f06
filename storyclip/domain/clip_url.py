"""Where a clip may be fetched from: a public https address, however its host is written.

`objection_to` judges only what the text itself says and resolves no name; `is_public` judges what
a name resolved to. The table is our own because
`ipaddress.is_global` of Python 3.11 lets NAT64, 6to4 and multicast addresses pass.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MAX_URL_LENGTH = 2048

# IANA IPv4 Special-Purpose Address Registry, multicast, reserved, and Azure's metadata host.
NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
PUBLIC_V6 = IPv6Network("2000::/3")  # all that IANA has given out; mapped, NAT64, local are outside
NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
)
# Names that only mean something inside a network: RFC 6761, 6762, 8375, ICANN's `internal`.
PRIVATE_ZONES = ("localhost", "localdomain", "local", "internal", "home.arpa", "lan", "intranet")

_VISIBLE = re.compile(r"[!-~]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


def objection_to(url: str) -> str | None:
    """Return why a clip is not to be fetched from `url`, None if it may be."""
    if len(url) > MAX_URL_LENGTH:
        return f"longer than {MAX_URL_LENGTH} characters"
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        return "expected visible ASCII characters; percent-encode all others"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "not a valid URL"
    if parts.scheme != "https":
        return "expected an https:// URL"
    if "@" in parts.netloc:
        return "no user name or password in a URL"
    if port == 0:
        return "not a valid port"
    if parts.netloc.startswith("["):
        return _objection_to_v6(parts.hostname or "")
    return _objection_to_host((parts.hostname or "").removesuffix("."))


def is_public(address: str) -> bool:
    """Return whether an address, as a resolver gives it, is one of the public internet."""
    try:
        resolved = ip_address(address)
    except ValueError:
        return False
    if isinstance(resolved, IPv4Address):
        return not any(resolved in network for network in NOT_PUBLIC)
    return _is_public_v6(resolved)


def _objection_to_host(host: str) -> str | None:
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _objection_to_v4(labels)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "not a valid host name"
    if len(labels) == 1 or any(host == zone or host.endswith(f".{zone}") for zone in PRIVATE_ZONES):
        return "the host is not a public one"
    return None


def _objection_to_v4(labels: list[str]) -> str | None:
    """Read an address as every resolver does: one to four numbers, decimal, octal or hex."""
    if len(labels) > 4 or not all(_NUMBER.fullmatch(label) for label in labels):
        return "not a valid address"
    try:
        *heads, last = (_number(label) for label in labels)
    except ValueError:
        return "not a valid address"
    room = 256 ** (4 - len(heads))
    if last >= room or any(head > 255 for head in heads):
        return "not a valid address"
    value = last + sum(head << (24 - 8 * place) for place, head in enumerate(heads))
    if not is_public(str(IPv4Address(value))):
        return "the address is not a public one"
    return None


def _objection_to_v6(host: str) -> str | None:
    try:
        address = IPv6Address(host)
    except ValueError:
        return "not a valid address"
    return None if _is_public_v6(address) else "the address is not a public one"


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in PUBLIC_V6:
        return False
    return not any(address in network for network in NOT_PUBLIC_V6)


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    if len(label) > 1 and label.startswith("0"):
        return int(label, 8)
    return int(label)
