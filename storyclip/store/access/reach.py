"""Whose batches on which accounts a statement may find: the reach of who asks, as SQL."""

from __future__ import annotations

from typing import Any

from storyclip.domain.names import Names
from storyclip.domain.reach import Reach
from storyclip.store.database import marks

Clause = tuple[str, tuple[Any, ...]]


def within(reach: Reach, batches: str = "b") -> Clause:
    """Return what a WHERE has to claim of the batches by that name, and its values."""
    users, named_users = _among(reach.users, f"{batches}.user_id")
    accounts, named_accounts = _among(reach.accounts, f"{batches}.account_id")
    return f"{users} AND {accounts}", (*named_users, *named_accounts)


def of_users(reach: Reach, column: str) -> Clause:
    """Return the same for rows that belong to users alone, and to no account."""
    return _among(reach.users, column)


def _among(some: Names, column: str) -> Clause:
    if some.is_every:
        return "1 = 1", ()
    return f"{column} IN ({marks(some.named)})", tuple(sorted(some.named))
