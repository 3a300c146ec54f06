"""Sessions of the page: how somebody came in, from where, and how long that is good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_OF_BROWSER = 200  # characters kept of what a browser calls itself


class Entry(StrEnum):
    """What somebody showed when they came in."""

    KEY = "key"
    LINK = "link"  # that signs in once, as a key's holder
    OIDC = "oidc"  # by a provider's word
    PASSWORD = "password"  # noqa: S105 - a word, and no secret


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session is good: at most, and without a request."""

    at_most: timedelta
    idle: timedelta


@dataclass(frozen=True, slots=True)
class Visit:
    """How a session begins; `browser` is what it calls itself, cut."""

    entry: Entry
    address: str | None
    browser: str
    lasting: Lasting


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is shown; what an earlier release began is known in part alone.

    `session_id` is enough to tell it from others, and no use to anybody.
    """

    session_id: str
    user_id: str | None
    key_id: str | None
    entry: Entry | None
    begun_at: datetime | None
    seen_at: datetime | None
    expires_at: datetime
    address: str | None
    browser: str | None
