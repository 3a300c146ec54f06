"""What all bodies have in common: how a field is read, described, and complained about."""

from __future__ import annotations

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
        optional = {field.alias for field in cls.model_fields.values() if not field.is_required()}
        return {
            name: value for name, value in said.items() if value is not None or name not in optional
        }


AnyModel = TypeVar("AnyModel", bound=BaseModel)


def parse(model: type[AnyModel], said: Any) -> AnyModel:
    """Return what was said as a `model`.

    Raises:
        RequestInvalid: with everything that is wrong with it.
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
                for error in invalid.errors(include_url=False, include_input=False)
            )
        ) from None
