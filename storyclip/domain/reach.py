"""Whose batches on which accounts a question may find: what each statement about them carries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from storyclip.domain.names import EVERY, NONE, Names, names


@dataclass(frozen=True, slots=True)
class Reach:
    """The batches of these users on these accounts, and no others."""

    users: Names
    accounts: Names

    def of_user(self, user_id: str) -> Reach:
        """Return what of it is this one user's."""
        return Reach(self.users & names({user_id}), self.accounts)

    def __le__(self, other: Reach) -> bool:
        return self.users <= other.users and self.accounts <= other.accounts

    def covers(self, user_id: str, account_id: str) -> bool:
        """Return whether a batch of this user on this account is within it."""
        return user_id in self.users and account_id in self.accounts


def together(reaches: Iterable[Reach]) -> Reach:
    """Return one that covers all of these, and may cover more."""
    every = list(reaches)
    users = reduce(or_, (one.users for one in every), NONE)
    return Reach(users, reduce(or_, (one.accounts for one in every), NONE))


EVERYTHING = Reach(EVERY, EVERY)  # for the service itself, and for who has the database in hand
