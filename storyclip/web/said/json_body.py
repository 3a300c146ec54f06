"""A request's JSON, read more strictly than Python does: no second meaning may hide in it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from storyclip.domain.errors import RequestInvalid
from storyclip.web.said.problem_kinds import BAD_JSON, BAD_TYPE
from storyclip.web.said.problems import Problem

MAX_BYTES = 1024 * 1024  # 100 posts with the longest URLs and texts are a third of it
SMALL_BYTES = 8 * 1024  # what anybody may send who has shown no key
MAX_DEPTH = 16
MAX_VALUES = 5_000  # in all: 100 posts with everything that they can have are a fifth of it
MAX_TOKEN_LENGTH = 40  # of a field's name as we say it back


def read(at_most: int = MAX_BYTES) -> Any:
    """Return the JSON value of the request's body.

    Args:
        at_most: bytes.

    Raises:
        Problem: 415 for another type; 400 for what is no JSON, or is JSON that two readers could
            understand differently (a key twice, NaN), is nested too deep or has too many values:
            a model would complain about each of them.
        RequestInvalid: a text that UTF-8 or a database cannot hold.
        RequestEntityTooLarge: more than `at_most`.
    """
    _check_type()
    request.max_content_length = at_most + 1  # Werkzeug cuts a chunked body there without a word
    data = request.get_data(cache=False)
    if len(data) > at_most:
        raise RequestEntityTooLarge
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise Problem(BAD_JSON, "The body is not valid UTF-8.") from None
    except json.JSONDecodeError as broken:
        where = f"line {broken.lineno}, column {broken.colno}"
        raise Problem(BAD_JSON, f"{broken.msg}: {where}.") from None
    except RecursionError:
        _too_deep()
    except ValueError:  # an integer of thousands of digits
        raise Problem(BAD_JSON, "A number in it is too long.") from None
    _check_shape(value)
    if b"\\u" in data:  # no other way to write what is unfit
        _check_texts(value, ())
    return value


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value, whatever the order and spacing it came in."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pointer_to(path: tuple[str | int, ...]) -> str:
    """Return the JSON pointer (RFC 6901) of a place, names cut to what is safe to say back."""
    return "".join(f"/{_token(str(step))}" for step in path)


def _check_type() -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    is_json = request.mimetype == "application/json"
    if not is_json or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise Problem(BAD_TYPE)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_VALUES:
        raise Problem(BAD_JSON, f"It has more than {MAX_VALUES} values.")
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Problem(BAD_JSON, "An object in it has the same key twice.")
    return members


def _no_number(constant: str) -> NoReturn:
    raise Problem(BAD_JSON, f"{constant} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Problem(BAD_JSON, "A number in it is too big.")
    return number


def _too_deep() -> NoReturn:
    raise Problem(BAD_JSON, f"Nested deeper than {MAX_DEPTH} levels.") from None


def _check_shape(value: Any) -> None:
    """Check how many values there are and how deep they are nested, a level after the other."""
    left, level = MAX_VALUES, [value]
    for depth in count():
        places = [place for place in level if isinstance(place, dict | list)]
        if not places:
            return
        if depth == MAX_DEPTH:
            _too_deep()
        left -= sum(map(len, places))
        if left < 0:
            raise Problem(BAD_JSON, f"It has more than {MAX_VALUES} values.")
        level = [item for place in places for item in _items(place)]


def _check_texts(value: Any, path: tuple[str | int, ...]) -> None:
    if isinstance(value, str):
        if (why := _unfit(value)) is not None:
            raise RequestInvalid((pointer_to(path), why))
        return
    if not isinstance(value, dict | list):
        return
    for step, item in _members(value):
        if isinstance(step, str) and (why := _unfit(step)) is not None:
            raise RequestInvalid((pointer_to((*path, step)), why))
        if isinstance(item, str | dict | list):
            _check_texts(item, (*path, step))


def _items(place: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return place.values() if isinstance(place, dict) else place


def _members(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str | int, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(enumerate(value))


def _unfit(text: str) -> str | None:
    if "\0" in text:
        return "no NUL character"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair is no character"
    return None


def _token(name: str) -> str:
    safe = "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:MAX_TOKEN_LENGTH])
    cut = "..." if len(name) > MAX_TOKEN_LENGTH else ""
    return safe.replace("~", "~0").replace("/", "~1") + cut
