"""How a right of ana's goes, and with which status she hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from storyclip.domain.names import names
from storyclip.domain.user import Role
from storyclip.store.access import keys, users
from tests.web.conftest import NOON

GONE: Mapping[str, tuple[Callable[[str], object], int]] = {  # each takes her key
    "key": (lambda key: keys.revoke(key.split("_")[1], NOON), 401),
    "user": (lambda _: users.disable("ana", NOON), 401),
    "role": (lambda _: users.set_role("ana", Role.VIEWER, NOON), 403),
    "account": (lambda _: users.set_accounts("ana", names({"7"}), NOON), 403),
}
