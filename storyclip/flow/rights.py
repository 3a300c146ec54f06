"""Taking rights away: from that moment nothing more of theirs goes out, nor stays to go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from storyclip.domain.errors import ActionRefused, LostRace
from storyclip.domain.names import Names
from storyclip.domain.reach import EVERYTHING
from storyclip.domain.user import Role
from storyclip.store.access import keys, password_links, sessions, users
from storyclip.store.once_more import once_more
from storyclip.store.publishing import forbidden, wishes
from storyclip.store.publishing.running import running_of

Kept = tuple[str, str]  # a batch that could not be cancelled, and why


def disable(user_id: str, at: datetime, *, cancels: bool) -> Sequence[Kept]:
    """Let a user do nothing more; cancel their batches, or have what is to come of them fail.

    Returns the batches that could not be cancelled, and why; what is to come of them fails.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: how far it got, the rows say; what is refused may be asked for again.
    """
    kept = _cancel(running_of(EVERYTHING.of_user(user_id)), at) if cancels else ()
    users.disable(user_id, at)
    sessions.end_all_of(user_id, at)  # else they would be good again once the user is enabled
    password_links.withdraw(user_id)  # and so would this, wherever it has been sent
    forbidden.make_due(at)
    return kept


def set_role(user_id: str, role: Role, at: datetime) -> None:
    """Make a user something else, and end what they may not publish any more.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: as `disable`.
    """
    users.set_role(user_id, role, at)
    forbidden.make_due(at)


def set_accounts(user_id: str, accounts: Names, at: datetime) -> None:
    """Have a user act for these accounts alone, and end what they may not publish any more.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: as `disable`.
    """
    users.set_accounts(user_id, accounts, at)
    forbidden.make_due(at)


def revoke(key_id: str, at: datetime, *, cancels: bool) -> tuple[bool, Sequence[Kept]]:
    """Make a key useless; cancel what was asked for by it, or let that go out.

    Returns whether the key was in use, and the batches that could not be cancelled.

    Raises:
        StoreUnavailable: how far it got, the rows say.
    """
    was_in_use = keys.revoke(key_id, at)
    return was_in_use, _cancel(running_of(EVERYTHING, key_id), at) if cancels else ()


def _cancel(batch_ids: Sequence[str], at: datetime) -> Sequence[Kept]:
    """Cancel batches; what Metricool has of them is taken back by the workers."""
    kept: list[Kept] = []
    for batch_id in batch_ids:
        try:
            once_more(partial(wishes.cancel, batch_id, EVERYTHING, at), LostRace)
        except ActionRefused as refusal:
            kept.append((batch_id, str(refusal)))
    return kept
