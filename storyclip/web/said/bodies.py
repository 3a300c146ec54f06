"""What clients may say, field by field; the same models will be the OpenAPI description."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from storyclip.domain.batch import OnFailure
from storyclip.domain.clip_source import FILE_ID
from storyclip.domain.clip_url import MAX_URL_LENGTH, objection_to
from storyclip.domain.dates.best_time import MAX_DAYS, USUAL_DAYS, Distribution
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.timetable import GAP_S, PublishSpeed
from storyclip.domain.network import Network
from storyclip.web.said.body import Body as Body
from storyclip.web.said.body import parse as parse

MAX_POSTS = 100
MAX_TITLE_LENGTH = 300
MAX_KEY_LENGTH = 500  # ours have 59 characters, seeded ones are chosen by people
MAX_WORD_LENGTH = 100  # of a date or a zone's name
DAY_MINUTES = 1440

_FIELDS = {
    Mode.NOW: {"mode"},
    Mode.SCHEDULED: {"mode", "scheduled_at", "timezone", "interval_minutes"},
    Mode.BEST_TIME: {"mode", "timezone", "interval_minutes", "distribution", "within_days"},
}
_REQUIRED = {Mode.NOW: (), Mode.SCHEDULED: ("scheduled_at",), Mode.BEST_TIME: ()}


def _wrong(why: str, *at: str | int) -> PydanticCustomError:
    """Return the complaint about the place `at` below the one that is being validated."""
    return PydanticCustomError("wrong", "{why}", {"why": why, "at": at})


def _fetchable(url: str) -> str:
    if (why := objection_to(url)) is not None:
        raise _wrong(why)
    return url


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value  # true becomes "True": no number


def _account_number(text: str) -> str:
    # One spelling only: two spellings of an account would be two lanes, and stories would mix.
    if not (text.isascii() and text.isdigit() and len(text) < 20) or text.startswith("0"):
        raise _wrong("expected the number that Metricool has for the account")
    return text


def _first_characters(text: str) -> str:
    return text[:MAX_TITLE_LENGTH]


AnyWord = TypeVar("AnyWord", bound=StrEnum)
Word = Annotated[AnyWord, Field(strict=False)]  # a strict model would take the member alone
AccountId = Annotated[
    str,
    BeforeValidator(_number_as_text),
    AfterValidator(_account_number),
    WithJsonSchema(
        {
            "description": "Metricool's number for the account.",
            "anyOf": [
                {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"},
                {"type": "integer", "minimum": 1, "maximum": 10**19 - 1},
            ],
        }
    ),
]
ClipUrl = Annotated[
    str,
    AfterValidator(_fetchable),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uri",
            "pattern": "^https://",
            "maxLength": MAX_URL_LENGTH,
            "description": "Public https, without a user name: Metricool fetches it.",
        }
    ),
]


PieceNumber = Annotated[int, Field(ge=1, le=9999)]


class Post(Body):
    """One clip, or a file that became one or more; `text` is its title for people, no caption.

    All `pieces` of a file in their order, unless it is said which.

    A longer one is cut: it is no reason not to publish, and some clients send descriptions.
    """

    url: ClipUrl | None = None
    file: Annotated[str, Field(pattern=FILE_ID)] | None = None
    pieces: Annotated[list[PieceNumber], Field(min_length=1, max_length=MAX_POSTS)] | None = None
    id: Annotated[str, Field(min_length=1, max_length=100)] = ""
    text: Annotated[str, AfterValidator(_first_characters)] = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise _wrong("either url or file, and not both", "url")
        if self.pieces is not None and self.file is None:
            raise _wrong("only of a file", "pieces")
        if self.pieces is not None and len(set(self.pieces)) < len(self.pieces):
            raise _wrong("each piece once", "pieces")
        return self


class Schedule(Body):
    """When the batch goes out; which fields are meant depends on the mode."""

    mode: Word[Mode] = Mode.NOW
    scheduled_at: Annotated[str, Field(max_length=MAX_WORD_LENGTH)] | None = None
    timezone: Annotated[str, Field(max_length=MAX_WORD_LENGTH)] | None = None
    interval_minutes: Annotated[int, Field(ge=1, le=DAY_MINUTES)] = 1
    distribution: Word[Distribution] = Distribution.TOGETHER
    within_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = USUAL_DAYS

    @model_validator(mode="after")
    def _fields_of_its_mode(self) -> Self:
        for name in type(self).model_fields:
            if name in self.model_fields_set and name not in _FIELDS[self.mode]:
                raise _wrong(f"not a field of the mode {self.mode}", to_camel(name))
        for name in _REQUIRED[self.mode]:
            if getattr(self, name) is None:
                raise _wrong("required", to_camel(name))
        return self


class PublishSettings(Body):
    """Where the batch goes out, and how."""

    account_id: AccountId | None = None
    metricool_account_id: AccountId | None = None  # the older name
    network: Word[Network] = Network.FACEBOOK
    on_failure: Word[OnFailure] = OnFailure.CONTINUE
    publish_speed: Word[PublishSpeed] | None = None
    webhook_url: str | None = None

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if self.account_id is None and self.metricool_account_id is None:
            raise _wrong("required", "accountId")
        if None not in (self.account_id, self.metricool_account_id) and (
            self.account_id != self.metricool_account_id
        ):
            raise _wrong("not the account that accountId names", "metricoolAccountId")
        return self

    @property
    def account(self) -> str:
        """Return the account by whichever name it came."""
        return self.account_id or self.metricool_account_id or ""

    @property
    def gap_s(self) -> float:
        """Return the least seconds between two clips."""
        return GAP_S[self.publish_speed] if self.publish_speed else 0.0


class StoriesRequest(Body):
    """A sequence of clips to be published in their order."""

    job_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    posts: Annotated[list[Post], Field(min_length=1, max_length=MAX_POSTS)]
    schedule: Schedule = Schedule()
    settings: PublishSettings

    @model_validator(mode="after")
    def _each_id_once(self) -> Self:
        seen: set[str] = set()
        for place, clip_id in enumerate(self.clip_ids()):
            if clip_id in seen:
                raise _wrong("another post of this batch has this id", "posts", place, "id")
            seen.add(clip_id)
        return self

    def clip_ids(self) -> list[str]:
        """Return the posts' ids, with the usual ones for those that came without."""
        return [post.id or f"clip_{index}" for index, post in enumerate(self.posts, start=1)]


class SignIn(Body):
    """A key, to be exchanged for a session of the page."""

    api_key: Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH)]
