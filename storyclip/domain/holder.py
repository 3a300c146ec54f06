"""Who holds a key, and what it lets them do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key lets its holder do."""

    PUBLISH = "publish"  # make batches, stop them and have them go on; reads too
    READ = "read"
    ADMIN = "admin"  # all of it, and see everybody's batches


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a key speaks for and what it may do; `accounts` is None where every one is allowed."""

    key_id: str
    user_id: str
    scopes: frozenset[Scope]
    accounts: frozenset[str] | None
    webhook_url: str | None = None  # where the batches of this key report to

    def may(self, scope: Scope) -> bool:
        """Return whether the key has the scope, itself or by a wider one.

        `admin` has all. `publish` reads too: who started a batch must see what became of it.
        """
        if Scope.ADMIN in self.scopes or scope in self.scopes:
            return True
        return scope is Scope.READ and Scope.PUBLISH in self.scopes

    def may_use(self, account_id: str) -> bool:
        """Return whether the key may publish for the account and see it among the brands."""
        return self.accounts is None or account_id in self.accounts


def scopes_of(words: Collection[str]) -> frozenset[Scope]:
    """Return the scopes that these words name.

    Raises:
        ValueError: with the scopes there are; one of the words is none of them, or there is none.
    """
    if not words or not EVERY_SCOPE.issuperset(words):
        raise ValueError(f"scopes out of {', '.join(sorted(EVERY_SCOPE))}")
    return frozenset(map(Scope, words))
