"""Picks typed values out of Metricool's JSON; no input or output here."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from typing import Any, TypeVar

from storyclip.domain.errors import UpstreamLookFailed

MAX_ID = 2**63 - 1  # theirs are int32 today; beyond this it is no id but garbage

T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL and UTF-8 refuse these


def parsed(body: bytes) -> Any:
    """Return the JSON in `body`, or None when there is none."""
    try:
        return json.loads(body.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError):
        return None


def data_of(answer: Any, kind: type[T]) -> T:
    """Return what Metricool's success envelope holds.

    Raises:
        UpstreamLookFailed: there is no such envelope, or something of another kind in it.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, kind):
        raise UpstreamLookFailed("Metricool's answer is not of the form that it documents")
    return data


def object_of(value: Any) -> dict[str, Any]:
    """Return the element of a list, which has to be an object.

    Raises:
        UpstreamLookFailed: it is none.
    """
    if not isinstance(value, dict):
        raise UpstreamLookFailed("one of the elements that Metricool shows is no object")
    return value


def id_of(value: Any) -> str | None:
    """Return a positive integer, also one written as a string, as the string we keep."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID
    return str(value) if usable else None


def count_of(value: Any) -> int | None:
    """Return a whole number from 0, also one written as a string; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def goes_on(answer: Any) -> bool:
    """Return whether Metricool's success envelope says that there is more than it shows.

    Source: the envelope's optional `page`, `{"next": …}`; no list of posts was seen with one.
    """
    page = answer.get("page") if isinstance(answer, dict) else None
    return isinstance(page, dict) and bool(page.get("next"))


def text_of(value: Any) -> str | None:
    """Return a text, or a number as text; None for anything else and for the empty text."""
    if isinstance(value, str):
        return storable(value) if value else None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else None


def storable(text: str) -> str:
    """Return the text without the characters that no database takes."""
    if text.isascii() and "\0" not in text:
        return text  # as nearly all are, which costs a tenth of the search
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
