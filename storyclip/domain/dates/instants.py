"""From what people write to an instant, and from an instant to the dates of a sequence.

The form is RFC 3339's profile of ISO 8601, and besides it, as a browser's `datetime-local` field
has it, the same without an offset (then the zone decides) or without seconds. In detail:

* `T` and `Z` may be lower case (RFC 3339 §5.6); a space between date and time is refused.
* Fractions of a second are read and cut: a story is planned for a whole second.
* `+0200` and `+02` are refused: RFC 3339 wants `+02:00`.
* `Z` and `-00:00` say when it is in UTC and claim no offset of the place (RFC 9557 §2.2), so they
  fit every zone. Every other offset, `+00:00` as well, has to be the zone's own at that time.
* Second 60 and hour 24 are refused; so are a date alone, week and ordinal dates, the basic form
  without hyphens, and epoch numbers.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from storyclip.domain.dates.schedule import first_step
from storyclip.domain.errors import RequestInvalid

AT, ZONE = "/schedule/scheduledAt", "/schedule/timezone"
MAX_DAYS_AHEAD = 365
DAY = timedelta(days=1)
YEARS = range(1970, 9999)  # a day of room on both sides, so that no offset leads out of `datetime`
NO_PLACES = {"localtime", "posixrules", "Factory"}  # whatever this machine is set to, or nothing

_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?"
)


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment as it was asked for: in UTC, on the wall, and the zone if one was named.

    `local` has a fixed offset, because datetimes of one `ZoneInfo` compare without their fold.
    """

    utc: datetime
    local: datetime
    timezone: str | None

    @property
    def text(self) -> str:
        """Return the local time with its offset; read again, it is the same instant."""
        return self.local.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class _Written:
    """What a text says: a wall time, and the offset behind it unless there was none."""

    wall: datetime
    offset: timedelta | None
    claims_offset: bool


def parse_instant(text: str, timezone_name: str | None, now: datetime, lead_s: float) -> Instant:
    """Return the instant that `text` means, in the named zone or with its own offset.

    Raises:
        RequestInvalid: another form, no such zone, neither offset nor zone, an offset that is not
            the zone's, a time that the zone skips (names the first one after it) or has twice
            (names both), less than `lead_s` seconds or more than 365 days ahead.
    """
    problems: list[tuple[str, str]] = []
    zone = None
    try:
        zone = None if timezone_name is None else zone_named(timezone_name)
    except RequestInvalid as invalid:
        problems += invalid.problems
    try:
        written = _read(text)
    except RequestInvalid as invalid:
        problems += invalid.problems
    if problems:
        raise RequestInvalid(*problems)
    utc = _meant(written, zone)
    local = _on_the_wall(utc, zone or timezone(written.offset or timedelta()))
    _refuse_out_of_bounds(local, now, lead_s)
    return Instant(utc, local, timezone_name)


def sequence(
    first: datetime, count: int, interval_s: float, step_s: float, zone: ZoneInfo | None = None
) -> tuple[datetime, ...]:
    """Return the dates of `count` clips on Metricool's grid: never earlier than asked, nor closer.

    Metricool cuts a date down to its step. So the first one is moved up to a step, and the
    interval to whole steps: two clips in one step would be in no certain order.

    Whole days are days of the zone, where one is named: the clocks there show the same every time.
    A time that they skip is as far behind midnight as on other days, and of one that they show
    twice the first is meant (RFC 5545 §3.3.5).
    """
    start = first_step(first, 0, step_s)
    apart = timedelta(seconds=whole_steps(interval_s, step_s))
    if zone is None or not apart or apart % DAY:
        return tuple(start + place * apart for place in range(count))
    wall = _wall(start, zone)
    days = ((wall + place * apart).replace(tzinfo=zone) for place in range(1, count))
    return (start, *(first_step(day.astimezone(UTC), 0, step_s) for day in days))


def whole_steps(interval_s: float, step_s: float) -> float:
    """Return the interval, in seconds, moved up to whole steps and to one at least."""
    return max(1, math.ceil(interval_s / step_s)) * step_s


def zone_named(name: str) -> ZoneInfo:
    """Return the zone with this IANA name, in its own spelling.

    Only names of the list are looked up: to `ZoneInfo`, any other one is a path.

    Raises:
        RequestInvalid: the list has no such name.
    """
    if name not in _zone_names():
        near = next((known for known in _zone_names() if known.lower() == name.lower()), None)
        hint = f"did you mean {near}?" if near else "such as Europe/Madrid"
        raise RequestInvalid((ZONE, f"expected the IANA name of a time zone, {hint}"))
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - NO_PLACES)


def _read(text: str) -> _Written:
    form = _FORM.fullmatch(text)
    if form is None:
        raise _wrong("expected the form 2026-12-01T18:00:00+01:00, or that without offset")
    year, month, day, hour, minute, second = (int(part or 0) for part in form.groups()[:6])
    z, sign, offset_hour, offset_minute = form.groups()[6:]
    if year not in YEARS:
        raise _wrong(f"year {year} is out of range")
    try:
        wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a wall has no zone
    except ValueError as no_such_time:
        raise _wrong(str(no_such_time)) from None
    if z:
        return _Written(wall, timedelta(), claims_offset=False)
    if not sign:
        return _Written(wall, None, claims_offset=False)
    if int(offset_hour) > 23 or int(offset_minute) > 59:
        raise _wrong("expected an offset up to 23:59")
    offset = timedelta(hours=int(offset_hour), minutes=int(offset_minute))
    if sign == "-":
        return _Written(wall, -offset, claims_offset=bool(offset))
    return _Written(wall, offset, claims_offset=True)


def _meant(written: _Written, zone: ZoneInfo | None) -> datetime:
    wall = written.wall
    if written.offset is not None:
        utc = (wall - written.offset).replace(tzinfo=UTC)
        if zone is None or not written.claims_offset or _wall(utc, zone) == wall:
            return utc
    elif zone is None:
        raise RequestInvalid((ZONE, "required when scheduledAt has no offset"))
    instants = _instants_of(wall, zone)
    if not instants:
        after = _on_the_wall(_first_after_gap(wall, zone), zone).isoformat()
        raise _wrong(f"{wall.isoformat()} is skipped in {zone}: the next time there is {after}")
    local = [_on_the_wall(instant, zone) for instant in instants]
    if written.offset is not None:
        theirs = " or ".join(each.isoformat()[19:] for each in local)
        raise _wrong(f"{zone} is at {theirs} at {wall.isoformat()}: another offset was written")
    if len(local) > 1:
        both = " or ".join(each.isoformat() for each in local)
        raise _wrong(f"{wall.isoformat()} comes twice in {zone}: write {both}")
    return instants[0]


def _instants_of(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when the clocks of the zone show this: once, twice, or, in a gap, never."""
    either = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(instant for instant in either if _wall(instant, zone) == wall)


def _first_after_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment when the clocks jumped over this time, to the second."""
    start, end = sorted(int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    seconds = range(start, end + 1)

    def is_after(second: int) -> bool:
        return _wall(datetime.fromtimestamp(second, UTC), zone) > wall

    return datetime.fromtimestamp(seconds[bisect_left(seconds, True, key=is_after)], UTC)


def _refuse_out_of_bounds(local: datetime, now: datetime, lead_s: float) -> None:
    if local < now + timedelta(seconds=lead_s):
        earliest = first_step(now, lead_s, 1).astimezone(local.tzinfo).isoformat()
        raise _wrong(
            f"{local.isoformat()} is too early: expected {lead_s:g} s ahead or more, "
            f"that is {earliest} or later"
        )
    if local > now + timedelta(days=MAX_DAYS_AHEAD):
        raise _wrong(f"{local.isoformat()} is more than {MAX_DAYS_AHEAD} days ahead")


def _on_the_wall(instant: datetime, zone: ZoneInfo | timezone) -> datetime:
    local = instant.astimezone(zone)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _wrong(why: str) -> RequestInvalid:
    return RequestInvalid((AT, why))
