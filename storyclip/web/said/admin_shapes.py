"""What administrators are told of users, keys and sessions, field by field."""

from __future__ import annotations

from typing import Literal, TypedDict

from storyclip.domain.dates.shown import Count, Instant
from storyclip.domain.holder import Scope
from storyclip.domain.session import Entry
from storyclip.domain.user import Origin, Role


class UserShape(TypedDict):
    """A user; `accounts` is null where every one is theirs.

    `invitedUntil`: a link to set a password was made, was not used and is good until then.
    """

    id: str
    name: str
    role: Role
    accounts: list[str] | None
    origin: Origin
    createdAt: Instant | None
    disabledAt: Instant | None
    hasPassword: bool
    invitedUntil: Instant | None


class Kept(TypedDict):
    """A batch that could not be cancelled, and why."""

    batchId: str
    reason: str


class ManyUsers(TypedDict):
    """Users, the oldest first."""

    success: Literal[True]
    users: list[UserShape]
    count: Count


class InvitedUser(TypedDict):
    """A user, and the link with which they set a password: it is shown once, and good once."""

    success: Literal[True]
    user: UserShape
    link: str
    expiresAt: Instant


class ChangedUser(TypedDict):
    """A user as they are now, and which of their batches could not be cancelled.

    `adminsLeft` is 2 for two or more: how many there are is nobody's business. When the last one
    loses access, only commands give rights.
    """

    success: Literal[True]
    user: UserShape
    kept: list[Kept]
    adminsLeft: Count


class KeyShape(TypedDict):
    """What is known of a key, never the key; `accounts` is null where it narrows none."""

    id: str
    user: str
    scopes: list[Scope]
    accounts: list[str] | None
    webhookUrl: str | None
    seeded: bool
    createdAt: Instant
    lastUsedAt: Instant | None
    expiresAt: Instant | None
    revokedAt: Instant | None


class ManyKeys(TypedDict):
    """Keys, the oldest first."""

    success: Literal[True]
    keys: list[KeyShape]
    count: Count


class MadeKey(TypedDict):
    """A key that was made: `secret` is the only time that it can be read."""

    success: Literal[True]
    key: KeyShape
    secret: str


class RevokedKey(TypedDict):
    """A key that opens nothing any more, and which of its batches could not be cancelled."""

    success: Literal[True]
    key: KeyShape
    kept: list[Kept]


class SessionFacts(TypedDict):
    """A session of the page; what an earlier release began is known in part.

    `own`: it is the one that asks.
    """

    id: str
    user: str
    key: str | None
    entry: Entry | None
    begunAt: Instant | None
    seenAt: Instant | None
    expiresAt: Instant
    address: str | None
    browser: str | None
    own: bool


class ManySessions(TypedDict):
    """Sessions that are good, the newest first."""

    success: Literal[True]
    sessions: list[SessionFacts]
    count: Count
