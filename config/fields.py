"""How a setting is described: its name, its default, and what is expected of it."""

from typing import Any

from pydantic import Field
from pydantic.config import JsonDict

from config import secret_files
from config.objections import PREFIX


def field(name: str, default: object, expected: str, **rules: Any) -> Any:
    """Return a setting with an expectation that is told where it is not met."""
    extra: JsonDict = {"expected": expected}
    return Field(default, validation_alias=name, json_schema_extra=extra, **rules)


def seconds(name: str, default: float, at_most: float, **rules: Any) -> Any:
    """Return a span that is longer than nothing."""
    expected = f"seconds > 0 and <= {at_most:g}"
    return field(PREFIX + name, float(default), expected, gt=0, le=at_most, **rules)


def margin(name: str, default: float, at_most: float) -> Any:
    """Return a span that may be nothing."""
    expected = f"seconds >= 0 and <= {at_most:g}"
    return field(PREFIX + name, float(default), expected, ge=0, le=at_most)


def count(name: str, default: int | None, at_most: int) -> Any:
    """Return a number of things, one at least."""
    expected = f"a whole number from 1 to {at_most}"
    return field(PREFIX + name, default, expected, ge=1, le=at_most)


def rate(name: str, default: float) -> Any:
    """Return how many a second."""
    expected = "a number a second, from 0.1 to 100000"
    return field(PREFIX + name, float(default), expected, ge=0.1, le=100_000)


def plain(name: str) -> Any:
    """Return a setting that need not be there."""
    return Field(None, validation_alias=PREFIX + name)


def file_of(name: str) -> Any:
    """Return the setting that names the file of another."""
    return Field(None, validation_alias=name + secret_files.SUFFIX)
