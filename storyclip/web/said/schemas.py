"""JSON schemas of what is said and answered, made by pydantic from our types."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import typing_extensions
from pydantic import BaseModel, Field, TypeAdapter

Schema = dict[str, Any]
AT = "#/components/schemas/"


def schemas_of(said: Iterable[type[BaseModel]], answered: Iterable[Any]) -> tuple[Any, Schema]:
    """Return the schema of each type by the type, and what those refer to by name."""
    adapters: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        *((model, "validation", TypeAdapter(model)) for model in dict.fromkeys(said)),
        *((view, "serialization", TypeAdapter(_known(view))) for view in dict.fromkeys(answered)),
    ]
    found, rest = TypeAdapter.json_schemas(adapters, ref_template=f"{AT}{{model}}")
    return {view: schema for (view, _), schema in found.items()}, rest["$defs"]


def _known(hint: Any) -> Any:
    """Return a type of the domain, which knows no library, as pydantic knows it."""
    if is_typeddict(hint):
        return _twin(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        further = {
            name: list(what) if isinstance(what, tuple) else what for name, what in inside[1:]
        }
        return Annotated[_known(inside[0]), Field(json_schema_extra=further)]
    if origin is None or origin is Literal:
        return hint
    known = tuple(map(_known, inside))
    if origin in (Union, UnionType):
        return reduce(or_, known)
    return origin[known if len(known) > 1 else known[0]]


@cache
def _twin(view: type) -> type:
    """Return the TypedDict once more: before Python 3.12, pydantic takes no other than these."""
    hints = get_type_hints(view, include_extras=True)
    fields = {name: _known(hint) for name, hint in hints.items()}
    make: Any = typing_extensions.TypedDict
    twin: type = make(view.__name__, fields)
    twin.__doc__ = view.__doc__
    return twin
