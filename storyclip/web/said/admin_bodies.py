"""What administrators say of users, keys and sessions."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from storyclip.domain.clip_url import MAX_URL_LENGTH
from storyclip.domain.holder import Scope
from storyclip.domain.names import EVERY, Names, names
from storyclip.domain.user import Role
from storyclip.web.said.bodies import AccountId, Word
from storyclip.web.said.body import Body
from storyclip.web.said.people import UserId
from storyclip.web.said.queries import Claim, Query, Text

MAX_ACCOUNTS = 1000  # far more brands than Metricool shows to one token
MAX_DAYS = 3650
MAX_NAME_LENGTH = 100

Accounts = Annotated[list[AccountId], Field(max_length=MAX_ACCOUNTS)]


def _wrong(why: str, *at: str) -> PydanticCustomError:
    return PydanticCustomError("wrong", "{why}", {"why": why, "at": at})


class NewUser(Body):
    """Somebody who is let in; no account is theirs that is not named, or all of them aloud."""

    user_id: UserId
    name: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] = ""
    role: Word[Role]
    accounts: Accounts = Field(default_factory=list)
    all_accounts: bool = False

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.all_accounts and self.accounts:
            raise _wrong("either accounts, or all of them", "accounts")
        return self

    @property
    def theirs(self) -> Names:
        """Return the accounts that were said."""
        return EVERY if self.all_accounts else names(self.accounts)


class UserChange(Body):
    """One thing of a user that is to be otherwise."""

    role: Word[Role] | None = None
    accounts: Accounts | None = None
    all_accounts: bool | None = None
    disabled: bool | None = None
    cancel_batches: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        said = [self.role, self.accounts, self.all_accounts, self.disabled]
        if len([one for one in said if one is not None]) != 1:
            raise _wrong("expected one of role, accounts, allAccounts and disabled")
        if self.all_accounts is False:
            raise _wrong("expected true, or the accounts by their ids", "allAccounts")
        if self.cancel_batches and not self.disabled:
            raise _wrong("only of who is disabled", "cancelBatches")
        return self

    @property
    def theirs(self) -> Names | None:
        """Return the accounts that were said, None if nothing was said of them."""
        if self.all_accounts:
            return EVERY
        return None if self.accounts is None else names(self.accounts)


class NewKey(Body):
    """A key for a user; without accounts it reaches as far as they do."""

    user_id: UserId
    scopes: Annotated[list[Word[Scope]], Field(min_length=1, max_length=len(Scope))]
    accounts: Annotated[Accounts, Field(min_length=1)] | None = None
    webhook_url: Annotated[str, Field(min_length=1, max_length=MAX_URL_LENGTH)] | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | None = None


class OfUser(Query):
    """A user."""

    user: Text = Field(description="The user.")


class OfKey(Query):
    """A key, and what becomes of what was asked for with it."""

    key: Text = Field(description="The key's id.")
    cancel_batches: Claim = Field(False, description="Cancel the batches made with it, for good.")


class OfSession(Query):
    """A session, by the part of its id that is shown."""

    session: Text = Field(description="The session.")
