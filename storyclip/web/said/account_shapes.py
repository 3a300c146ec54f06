"""What clients are told of accounts, field by field: which there are, and when they do best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

from storyclip.domain.dates.best_time import Rule
from storyclip.domain.dates.shown import Instant

Hours = Annotated[Sequence[float], ("minItems", 24), ("maxItems", 24)]


class BrandShape(TypedDict):
    """An account of Metricool's; `facebook` and `instagram` are its names there."""

    id: str
    label: str
    timezone: str | None
    hasFacebook: bool
    hasInstagram: bool
    facebook: str | None
    instagram: str | None
    picture: str | None


class Brands(TypedDict):
    """The accounts that the key may publish for."""

    success: Literal[True]
    brands: list[BrandShape]


class BestDay(TypedDict):
    """How good each hour of a weekday is, Monday being 1."""

    dayOfWeek: Annotated[int, ("minimum", 1), ("maximum", 7)]
    hours: Hours


class BestSlot(TypedDict):
    """A good time that is still to come."""

    startsAt: Instant
    value: float


class BestTimes(TypedDict):
    """When an account's followers look, and what decided which times come next."""

    success: Literal[True]
    timezone: str
    days: list[BestDay]
    rule: Rule
    next: list[BestSlot]
