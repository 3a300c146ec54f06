"""What else clients are told, field by field, for the OpenAPI document. More fields may come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from storyclip.domain.dates.best_time import Rule
from storyclip.web.said.shape import Instant, Shape


class Fault(Shape):
    """One place of the request, by JSON pointer, and what is wrong with it."""

    pointer: str
    detail: str


class ProblemDetails(Shape):
    """What went wrong (RFC 9457); `code` is for programs and stays, `error` repeats the title."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: str
    error: str
    errors: list[Fault] = Field(default_factory=list)
    checks: dict[str, Literal["up", "down"]] = Field(default_factory=dict)
    down: list[str] = Field(default_factory=list)
    limit: int = 0
    left: int = 0
    asked: int = 0
    enough_at: Instant | None = None


class Ticket(Shape):
    """What a browser shows as `?ticket=` where it can send no header."""

    ticket: str
    expires_in_s: int


class BrandShape(Shape):
    """An account of Metricool's."""

    id: str
    label: str
    timezone: str | None
    has_facebook: bool
    has_instagram: bool
    picture: str | None


class Brands(Shape):
    """The accounts that the key may publish for."""

    success: Literal[True]
    brands: list[BrandShape]


class BestDay(Shape):
    """How good each hour of a weekday is, Monday being 1."""

    day_of_week: Annotated[int, Field(ge=1, le=7)]
    hours: Annotated[list[float], Field(min_length=24, max_length=24)]


class BestSlot(Shape):
    """A good time that is still to come."""

    starts_at: Instant
    value: float


class BestTimes(Shape):
    """When an account's followers look."""

    success: Literal[True]
    timezone: str
    days: list[BestDay]
    rule: Rule
    next: list[BestSlot]


class SessionShape(Shape):
    """Who is signed in; `accounts` is null where every one is allowed."""

    user_id: str
    scopes: list[str]
    accounts: list[str] | None


class Alive(Shape):
    """The process answers."""

    status: Literal["alive"]


class Ready(Shape):
    """All that the process stands on answers."""

    status: Literal["ready"]
    checks: dict[str, str]


class Document(Shape):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
