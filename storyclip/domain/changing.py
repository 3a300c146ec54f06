"""Frozen values made and changed several times as fast as `dataclasses` does it.

Each step of a clip makes dozens of such values of some forty facts. A frozen class writes each of
them past itself, one by one; here a class that is open writes them, and becomes the frozen one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import replace  # whose names and types mypy checks, one by one
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """Return the value with other facts; its class has slots, and nothing is checked in it.

        Raises:
            TypeError: it has no such fact.
        """
        kind = type(value)
        facts_of, writers, opened = _shape_of(kind)
        changed = opened(*facts_of(value))
        for name, fact in changes.items():
            if name not in writers:
                raise TypeError(f"a {kind.__name__} has no {name}")
            writers[name](changed, fact)
        return changed


def maker(kind: type[T]) -> type[T]:
    """Return what makes values of a class, and is called as the class is.

    Raises:
        TypeError: values of the class have no slots, or are checked when they are made.
    """
    opened: type[T] = _shape_of(kind).opened  # type: ignore[arg-type]  # a class can be hashed
    return opened


class _Shape(NamedTuple):
    facts_of: Callable[[Any], tuple[Any, ...]]  # all of a value at once
    writers: Mapping[str, Any]
    opened: Any  # makes a value of all facts, in order


@cache
def _shape_of(kind: type) -> _Shape:
    facts = dataclasses.fields(kind)
    names = [fact.name for fact in facts]
    if len(names) < 2 or "__slots__" not in kind.__dict__ or hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} is no plain value with slots: expected several facts")

    def become(made: Any) -> None:
        made.__class__ = kind

    again: Any = dataclasses.field  # one of both defaults at most, as its types want to see
    same = [
        (fact.name, fact.type, again(default=fact.default, default_factory=fact.default_factory))
        for fact in facts
    ]
    opened = dataclasses.make_dataclass(
        kind.__name__, same, slots=True, eq=False, namespace={"__post_init__": become}
    )
    return _Shape(attrgetter(*names), {name: getattr(kind, name).__set__ for name in names}, opened)


__all__ = ["maker", "replace"]
