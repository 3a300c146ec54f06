"""What the descriptions of answers have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Count = Annotated[int, Field(ge=0)]


class Shape(BaseModel):
    """camelCase outside."""

    model_config = ConfigDict(alias_generator=to_camel)
