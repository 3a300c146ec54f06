"""What a person may say of stories that no row knows."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from storyclip.domain.network import Network
from storyclip.web.said.bodies import AccountId, Body, Word

MAX_STRANGERS = 5000
MAX_NAME_LENGTH = 100

StrangerName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
StrangerNames = Annotated[list[StrangerName], Field(max_length=MAX_STRANGERS)]


class Recovering(Body):
    """Whose the stories are that no row knows: by the names under which they are shown."""

    account_id: AccountId
    network: Word[Network] = Network.FACEBOOK
    ours: StrangerNames = Field(default_factory=list)
    not_ours: StrangerNames = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_is_one_or_the_other(self) -> Self:
        both = sorted({*self.ours} & {*self.not_ours})
        if both:
            words = f"not the names that are in ours too: {', '.join(both[:3])}"
            raise PydanticCustomError("wrong", "{words}", {"words": words, "at": ("notOurs",)})
        return self
