"""What a person may say of stories that no row knows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
