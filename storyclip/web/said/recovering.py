"""What a person may say of stories that no row knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from storyclip.domain.batch import BATCH_ID
from storyclip.domain.network import Network
from storyclip.web.said.bodies import MAX_POSTS, AccountId, Body, Word

MAX_STRANGERS = 5000
MAX_NAME_LENGTH = 100

StrangerName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
StrangerNames = Annotated[list[StrangerName], Field(max_length=MAX_STRANGERS)]


class Given(Body):
    """A story that came of this very clip, whichever one it would be by its minute and place."""

    name: StrangerName
    batch_id: Annotated[str, Field(pattern=f"^{BATCH_ID}$")]
    clip: Annotated[int, Field(ge=1, le=MAX_POSTS)]


class Recovering(Body):
    """Whose the stories are that no row knows: by the names under which they are shown."""

    account_id: AccountId
    network: Word[Network] = Network.FACEBOOK
    ours: StrangerNames = Field(default_factory=list)
    given: Annotated[list[Given], Field(max_length=MAX_STRANGERS)] = Field(default_factory=list)
    not_ours: StrangerNames = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_is_one_or_the_other(self) -> Self:
        given = [one.name for one in self.given]
        _refuse_again(given, {name for name in given if given.count(name) > 1}, "given")
        _refuse_again(given, {*self.ours}, "ours")
        _refuse_again(self.not_ours, {*self.ours, *given}, "notOurs")
        return self


def _refuse_again(names: Sequence[str], said: Collection[str], where: str) -> None:
    both = sorted({*names} & {*said})
    if both:
        words = f"each name once, and not in two lists: {', '.join(both[:3])}"
        raise PydanticCustomError("wrong", "{words}", {"words": words, "at": (where,)})
