"""Who asks, and what they may do: what the user may, as far as the key lets them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from storyclip.domain.names import EVERY, Names, names
from storyclip.domain.reach import Reach
from storyclip.domain.user import RIGHTS, Right, Role, User


class Scope(StrEnum):
    """What a key lets its user do, of what they may at all."""

    PUBLISH = "publish"  # make batches, stop them and have them go on; reads too
    READ = "read"
    ADMIN = "admin"  # all that the user may: everybody's batches, people


EVERY_SCOPE = frozenset(Scope)

_OPENS: dict[Scope, frozenset[Right]] = {
    Scope.READ: frozenset({Right.READ}),
    Scope.PUBLISH: frozenset({Right.READ, Right.PUBLISH}),
    Scope.ADMIN: frozenset(Right),
}
_NEEDS = {Scope.READ: Right.READ, Scope.PUBLISH: Right.PUBLISH, Scope.ADMIN: Right.MANAGE}


class Badge(NamedTuple):
    """What somebody came in with: a key, shown itself or stood for by a session, or a session.

    Without a session there is a key.
    """

    key_id: str | None
    session_id: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """One user, by a key or by a session of the page; `accounts` are the user's and the key's.

    `session_id` is None for who shows the key itself, `key_id` for who came in without one.
    `webhook_url` is where the batches of this key report to.
    """

    user_id: str
    role: Role
    key_id: str | None
    session_id: str | None
    scopes: frozenset[Scope]
    accounts: Names
    webhook_url: str | None

    @property
    def badge(self) -> Badge:
        """Return what they came in with."""
        return Badge(self.key_id, self.session_id)

    @property
    def rights(self) -> frozenset[Right]:
        """Return what the role allows, as far as the key lets it."""
        return RIGHTS[self.role] & opened_by(self.scopes)

    def may(self, scope: Scope) -> bool:
        """Return whether they may do what this scope is for.

        `publish` reads too: who started a batch must see what became of it.
        """
        return _NEEDS[scope] in self.rights

    def may_use(self, account_id: str) -> bool:
        """Return whether they may publish for the account and see it among the brands."""
        return account_id in self.accounts

    @property
    def reach(self) -> Reach:
        """Return whose batches they may see and have their hand on."""
        whose = EVERY if Right.OVERSEE in self.rights else names({self.user_id})
        return Reach(whose, self.accounts)

    @property
    def own(self) -> Reach:
        """Return their own batches, as far as the key reaches."""
        return Reach(names({self.user_id}), self.accounts)


def in_person(user: User, session_id: str) -> Holder:
    """Return who came in by themselves and not with a key: they may all that the user may."""
    return Holder(
        user_id=user.user_id,
        role=user.role,
        key_id=None,
        session_id=session_id,
        scopes=frozenset(scope for scope in Scope if _NEEDS[scope] in RIGHTS[user.role]),
        accounts=user.accounts,
        webhook_url=None,
    )


def opened_by(scopes: Collection[Scope]) -> frozenset[Right]:
    """Return what a key with these scopes lets its user do."""
    return frozenset[Right]().union(*(_OPENS[scope] for scope in scopes))


def scopes_of(words: Collection[str]) -> frozenset[Scope]:
    """Return the scopes that these words name.

    Raises:
        ValueError: with the scopes there are; one of the words is none of them, or there is none.
    """
    if not words or not EVERY_SCOPE.issuperset(words):
        raise ValueError(f"scopes out of {', '.join(sorted(EVERY_SCOPE))}")
    return frozenset(map(Scope, words))
