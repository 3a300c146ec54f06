"""Metricool's way to say when: local wall time without offset, beside an IANA zone."""

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storyclip.sandbox.refusals import Refused, invalid

DEFAULT_ZONE = "Europe/Madrid"  # [S] metricool.md §8.2

_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@lru_cache(maxsize=4096)
def from_wall_time(text: str, zone: str, parameter: str) -> int:
    """Milliseconds since 1970.

    A time in a DST gap moves ahead by the gap, one that exists twice is the earlier one, as
    java.time does it; Metricool's own rule is undocumented.

    Raises:
        Refused: 400 for another form (offset, date alone), no such day, or an unknown zone.
    """
    if not _WALL_TIME.fullmatch(text):
        raise invalid({parameter: f"{text!r} does not match yyyy-MM-dd'T'HH:mm:ss"})
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError, OSError) as wrong:
        raise invalid({parameter: str(wrong)}) from wrong
    return int(moment.timestamp()) * 1000


@lru_cache(maxsize=4096)
def to_wall_time(at_ms: int, zone: str) -> str:
    return datetime.fromtimestamp(at_ms // 1000, ZoneInfo(zone)).isoformat()[:19]


def in_the_past(at_ms: int, zone: str) -> Refused:
    """Source: several integrators' captures, metricool.md §1.3; seconds shown only when not 00."""
    shown = to_wall_time(at_ms, zone).removesuffix(":00")
    return invalid(
        f"Invalid value 'DateTimeInfo(dateTime={shown}, timezone={zone})'. "
        "Given datetime cannot be in the past."
    )
