"""Whose batches on which accounts a question may find: what each statement about them carries."""

from __future__ import annotations

from dataclasses import dataclass

from storyclip.domain.names import EVERY, Names


@dataclass(frozen=True, slots=True)
class Reach:
    """The batches of these users on these accounts, and no others."""

    users: Names
    accounts: Names

    def of_user(self, user_id: str) -> Reach:
        """Return what of it is this one user's."""
        return Reach(self.users & Names(frozenset({user_id}), is_every=False), self.accounts)


EVERYTHING = Reach(EVERY, EVERY)  # for the service itself, and for who has the database in hand
