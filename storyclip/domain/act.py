"""Acts: what somebody did, or was refused at the door, as it is kept for whoever asks later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DONE = "done"  # the outcome of what changed something; else the code of the refusal
SESSION_SHOWN = 12  # characters of a session's id: enough to tell them apart, no use to anybody


class Via(StrEnum):
    """Which way somebody came."""

    API = "api"  # with a key or a ticket, or with nothing
    PAGE = "page"  # with a session of the page
    COMMAND = "command"  # on this machine: the user is the operating system's
    SERVICE = "service"  # nobody: StoryClip itself, at its start


class Action(StrEnum):
    """What can be done. The part before the dot says to what."""

    BATCH_PUBLISH = "batch.publish"
    BATCH_PAUSE = "batch.pause"
    BATCH_RESUME = "batch.resume"
    BATCH_CANCEL = "batch.cancel"
    BATCH_RETRY = "batch.retry"
    FILE_BEGIN = "file.begin"  # a file was announced, its bytes come
    FILE_REMOVE = "file.remove"
    LANE_RECOVER = "lane.recover"  # a person's word on whose stories are
    SERVICE_BEGIN = "service.begin"  # the first sign of life of an empty database
    SERVICE_PAUSE = "service.pause"
    SERVICE_RESUME = "service.resume"
    SERVICE_RESTORE = "service.restore"  # a backup was put back, as these rows saw at their start
    SERVICE_ADOPT = "service.adopt"  # the database belongs here from now on
    KEY_MAKE = "key.make"
    KEY_REVOKE = "key.revoke"
    KEY_ROTATE = "key.rotate"
    KEY_SEED = "key.seed"  # the environment's keys are others than before
    USER_MAKE = "user.make"
    USER_CHANGE = "user.change"
    USER_DISABLE = "user.disable"
    USER_ENABLE = "user.enable"
    SIGNIN_ISSUE = "signin.issue"  # a link that signs in once
    SIGNIN_USE = "signin.use"
    PASSWORD_LINK = "password.link"  # noqa: S105 - an invitation, or for who forgot theirs
    PASSWORD_SET = "password.set"  # noqa: S105
    SESSION_BEGIN = "session.begin"
    SESSION_END = "session.end"
    SECRET_SEAL = "secret.seal"  # noqa: S105 - these are words, and no secrets
    SECRET_RETIRE = "secret.retire"  # noqa: S105
    SECRET_ROTATE = "secret.rotate"  # noqa: S105
    AUDIT_FORGET = "audit.forget"  # rows of this table that were kept long enough
    ENTRY = "entry"  # somebody was refused


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as far as it is known, and from where.

    `address` is the line's other end; of a command, the host.
    """

    via: Via
    user_id: str | None = None
    key_id: str | None = None
    session_id: str | None = None
    address: str | None = None


SERVICE = Actor(Via.SERVICE)


@dataclass(frozen=True, slots=True)
class Act:
    """One row: who did what to what, and what came of it; `detail` says more where there is more.

    `times` counts refusals of one address of which only some are kept.
    """

    id: int
    at: datetime
    by: Actor
    action: str
    subject: str
    detail: str | None
    outcome: str
    times: int
