"""Users: their role, and the accounts that they act for; a key of theirs only narrows that.

| role | looks at | makes batches | stops, resumes, retries | people, keys, sessions |
|---|---|---|---|---|
| viewer | their own | no | no | no |
| publisher | their own | yes | their own | no |
| operator | everybody's | yes | everybody's | no |
| admin | everybody's | yes | everybody's | yes |

All of it on the user's accounts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from storyclip.domain.names import Names


class Role(StrEnum):
    """What a user is to StoryClip; each may do what the one before may, and more."""

    VIEWER = "viewer"
    PUBLISHER = "publisher"
    OPERATOR = "operator"
    ADMIN = "admin"


class Right(Enum):
    """One thing that a user may do, or a key lets them do."""

    READ = auto()
    PUBLISH = auto()  # make batches, and have one's hand on them
    OVERSEE = auto()  # the same with everybody's
    MANAGE = auto()  # people, keys, sessions


class Origin(StrEnum):
    """Who said what a user may do."""

    COMMAND = "command"  # a person
    ENVIRONMENT = "environment"  # STORYCLIP_API_KEYS, anew with each start
    FIRST_START = "first_start"
    BEFORE_USERS = "before_users"  # nobody: what the keys could before there were users


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.PUBLISHER: frozenset({Right.READ, Right.PUBLISH}),
    Role.OPERATOR: frozenset({Right.READ, Right.PUBLISH, Right.OVERSEE}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class User:
    """One user as their rows said; whoever is disabled may do nothing."""

    user_id: str
    name: str
    role: Role
    accounts: Names
    origin: Origin
    created_at: datetime | None
    disabled_at: datetime | None

    def may_publish_for(self, account_id: str) -> bool:
        """Return whether a clip of theirs may go out on this account now."""
        may = self.disabled_at is None and Right.PUBLISH in RIGHTS[self.role]
        return may and account_id in self.accounts


def role_for(rights: frozenset[Right]) -> Role:
    """Return the least role that has these rights."""
    return next(role for role in Role if rights <= RIGHTS[role])


def admins(users: Iterable[User]) -> frozenset[str]:
    """Return which of the users are administrators now; without one, only commands give rights."""
    return frozenset(
        user.user_id for user in users if user.role is Role.ADMIN and user.disabled_at is None
    )
