"""What clients may ask in a query, name by name: one model parses it and is its description."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from storyclip.domain.batch import Status
from storyclip.domain.network import Network
from storyclip.web.said.bodies import MAX_WORD_LENGTH, AccountId, parse

USUAL_LIMIT, MAX_LIMIT = 50, 200
MAX_INDEX = 9999

_WHOLE_NUMBER = re.compile(r"[0-9]{1,4}")
_CLAIMS = {"true": True, "false": False}


class Query(BaseModel):
    """camelCase outside; what is not asked here is not looked at."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, hide_input_in_errors=True)


AnyQuery = TypeVar("AnyQuery", bound=Query)


def asked(model: type[AnyQuery]) -> AnyQuery:
    """Return what the request's query asks, of each name the first.

    Raises:
        RequestInvalid: with everything that is wrong with it.
    """
    return parse(model, request.args.to_dict())


def _whole_number(text: Any) -> Any:
    if isinstance(text, str) and not _WHOLE_NUMBER.fullmatch(text):
        raise PydanticCustomError("wrong", "expected a whole number")
    return text


def _number(text: Any) -> Any:
    if isinstance(text, str) and not (text.isascii() and text.isdigit() and len(text) < 20):
        raise PydanticCustomError("wrong", "expected one from a Link header")
    return text


def _moment(text: Any) -> Any:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("wrong", "expected a time such as 2026-12-01T18:00:00Z") from None


def _claim(text: Any) -> Any:
    if text not in _CLAIMS:
        raise PydanticCustomError("wrong", "expected true or false")
    return _CLAIMS[text]


Text = Annotated[str, Field(min_length=1)]
Claim = Annotated[bool, BeforeValidator(_claim)]
Index = Annotated[int, Field(ge=1, le=MAX_INDEX), BeforeValidator(_whole_number)]
PageSize = Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(_whole_number)]
Action = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+)?$", max_length=40)]
ActId = Annotated[int, Field(ge=1, le=2**53), BeforeValidator(_number)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Zone = Annotated[str, Field(max_length=MAX_WORD_LENGTH)]


class OfBatch(Query):
    """A batch."""

    batch_id: Text = Field(description="The batch.")


class Resuming(OfBatch):
    """A batch, and whether its order may change."""

    confirm_order: Claim = Field(False, description="It may come after later clips of its batch.")


class Retrying(Resuming):
    """What of a batch is to be tried again, and what somebody vouches for."""

    clip: Index | None = Field(None, description="Only this clip.")
    confirm_absent: Claim = Field(
        False,
        description="You have looked at the account: it is neither out nor pending in Metricool.",
    )


class Watching(Query):
    """What is watched, and from where on."""

    batch_id: Text | None = Field(
        None, description="The batch; without it all of the caller's active ones."
    )
    after: str = Field("", description="The cursor after which to go on.")


class Listing(Query):
    """Which page of which batches."""

    limit: PageSize = Field(USUAL_LIMIT, description="Batches a page.")
    cursor: str | None = Field(None, description="From the `Link` header of the page before.")
    status: Status | None = Field(None, description="Only these.")
    user_id: str | None = Field(None, description="Whose, for keys with the scope `admin`.")


class AuditAsked(Query):
    """Which page of which acts."""

    user: Text | None = Field(None, description="Who; of commands, the operating system's user.")
    action: Action | None = Field(None, description="One, or all of a kind: batch, key, entry.")
    since: Moment | None = Field(None, description="Not before.")
    limit: PageSize = Field(USUAL_LIMIT, description="Acts a page.")
    cursor: ActId | None = Field(None, description="From the `Link` header of the page before.")


class Running(Query):
    """Which page of what has not ended."""

    limit: PageSize = Field(MAX_LIMIT, description="Batches a page, the newest first.")
    cursor: str | None = Field(None, description="From the `Link` header of the page before.")


class BestTimesAsked(Query):
    """Whose best times, on which network, in which zone."""

    account_id: AccountId = Field(description="The account.")
    network: Network = Field(Network.FACEBOOK, description="The network.")
    timezone: Zone | None = Field(
        None, description="Such as Europe/Madrid; without it the account's own."
    )


class SignInLink(Query):
    """A link that works once."""

    token: str = Field("", description="From the link.")


class ComeBack(Query):
    """What a provider sends somebody back with."""

    code: str | None = Field(None, description="What is exchanged for their identity.")
    state: str = Field("", description="What they were sent there with.")
    error: str | None = Field(None, description="Why the provider let nobody in.")


class PageAsked(Query):
    """The page, in another language from now on."""

    lang: str | None = Field(None, description="Kept in a cookie, if the page speaks it.")
    link: str | None = Field(
        None, description="`used`, `elsewhere`, `oidc-…`: what became of a way in."
    )
