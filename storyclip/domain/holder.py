"""Who holds a key, and what it lets them do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a key speaks for and what it may do; `accounts` is None where every one is allowed."""

    key_id: str
    user_id: str
    scopes: frozenset[str]
    accounts: frozenset[str] | None
    webhook_url: str | None = None  # where the batches of this key report to

    def may(self, scope: str) -> bool:
        """Return whether the key has the scope, itself or by a wider one.

        `admin` has all. `publish` reads too: who started a batch must see what became of it.
        """
        if "admin" in self.scopes or scope in self.scopes:
            return True
        return scope == "read" and "publish" in self.scopes

    def may_use(self, account_id: str) -> bool:
        """Return whether the key may publish for the account and see it among the brands."""
        return self.accounts is None or account_id in self.accounts
