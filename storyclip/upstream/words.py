"""Metricool's refusals, waits and clock, as its answers word them; no input or output here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from storyclip.upstream.reading import storable

DEFAULT_RETRY_AFTER_S = 30.0  # Metricool was never seen to say how long
MIN_RETRY_AFTER_S = 1.0
MAX_RETRY_AFTER_S = 3600.0

# The one form that is sent today; the library's parser takes almost anything, even two dates
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def refusal_words(envelope: Any) -> str | None:
    """Return what Metricool's error envelope says, or None when it is no such envelope.

    Seen: `{"status": "BAD_REQUEST", "code": "400", "title": …, "detail": …}`, where `detail` is a
    text or an object keyed by method.parameter, and Spring's `{"status", "error", "message"}`.
    A gateway's JSON is something else, and proves nothing about what happened behind it.
    """
    if not isinstance(envelope, dict):
        return None
    numbered = "status" in envelope or "code" in envelope
    for key in ("detail", "message", "title", "error"):
        words = _joined(envelope.get(key))
        if words and (numbered or key in ("detail", "message")):
            return words
    return None


def any_words(envelope: Any, body: bytes, status: int) -> str:
    """Return the envelope's words; without one the body's own, and of a page only its status."""
    raw = storable(body.decode("utf-8", "replace")).strip()
    words = refusal_words(envelope) or ("" if raw.startswith("<") else raw)
    return words or f"HTTP {status} without words"


def says_in_the_past(words: str) -> bool:
    """Say whether a refusal means the date, whatever the exact wording.

    Seen: "Given datetime cannot be in the past." Taking another refusal for it costs a few
    attempts; missing it would fail a clip for our own slowness.
    """
    lower = words.lower()
    return "date" in lower and "in the past" in lower


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Return how long Metricool asks to wait, within bounds; it may say seconds or a date."""
    said = headers.get("Retry-After", "").strip()
    wait_s = DEFAULT_RETRY_AFTER_S
    if _SECONDS.fullmatch(said):
        wait_s = float(said)
    elif (until := _http_date(said)) and (now := upstream_now(headers)):
        wait_s = (until - now).total_seconds()  # both by their clock: ours may differ
    return min(max(wait_s, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S)


def upstream_now(headers: Mapping[str, str]) -> datetime | None:
    """Return what time it was upstream when the answer was made, if it says so readably."""
    return _http_date(headers.get("Date", ""))


def _joined(value: Any, levels: int = 3) -> str:
    if isinstance(value, dict | list) and not levels:
        return "…"
    if isinstance(value, dict):
        pairs = list(value.items())[:20]
        return "; ".join(f"{storable(key)}: {_joined(each, levels - 1)}" for key, each in pairs)
    if isinstance(value, list):
        return "; ".join(_joined(each, levels - 1) for each in value[:20])
    return storable(str(value)).strip() if value is not None else ""


@lru_cache(64)  # the answers of one second have one date
def _http_date(text: str) -> datetime | None:
    if (parts := _HTTP_DATE.fullmatch(text)) is None:
        return None
    day, month, year, hour, minute, second = parts.groups()
    try:
        date = int(year), _MONTHS.index(month) + 1, int(day)
        return datetime(*date, int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
