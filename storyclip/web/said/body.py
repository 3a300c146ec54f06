"""What all bodies have in common: how a field is read, described, and complained about."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from storyclip.domain.errors import RequestInvalid
from storyclip.web.said.json_body import pointer_to

# Of what one object has too much, and of a request's mistakes in all: an answer has room for fewer,
# and thousands of them took seven times as long to put into words as to find
MOST_UNKNOWN, MOST_FAULTS = 20, 100

_NULL = {"type": "null"}
_SAID_SHORTER = {
    "missing": "required",
    "extra_forbidden": "unknown field",
    "model_type": "expected an object",
    "string_type": "expected a string",
    "list_type": "expected an array",
}


class Body(BaseModel):
    """camelCase outside; no field too many, no type bent into another; null is as if left out."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        reference = handler(core_schema)
        described = handler.resolve_ref_schema(reference)
        for name, said in described["properties"].items():
            if name not in described.get("required", ()) and _NULL not in said.get("anyOf", ()):
                about = {word: said.pop(word) for word in ("default", "title") if word in said}
                described["properties"][name] = {**about, "anyOf": [said, _NULL]}
        return reference

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        fields = {field.alias: field for field in cls.model_fields.values()}
        known = {
            name: value
            for name, value in said.items()
            if name in fields and (value is not None or fields[name].is_required())
        }
        if len(known) == len(said):
            return known
        unknown = ((name, value) for name, value in said.items() if name not in fields)
        return known | dict(islice(unknown, MOST_UNKNOWN))


AnyModel = TypeVar("AnyModel", bound=BaseModel)


def parse(model: type[AnyModel], said: Any) -> AnyModel:
    """Return what was said as a `model`.

    Raises:
        RequestInvalid: with what is wrong with it, as far as an answer can say it.
    """
    try:
        return model.model_validate(said)
    except ValidationError as invalid:
        raise RequestInvalid(
            *(
                (
                    pointer_to((*error["loc"], *error.get("ctx", {}).get("at", ()))),
                    _SAID_SHORTER.get(error["type"], error["msg"]),
                )
                for error in islice(
                    invalid.errors(include_url=False, include_input=False), MOST_FAULTS
                )
            )
        ) from None
