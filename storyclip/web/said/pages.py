"""Which page of the batches is asked for, and how the next one is named."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storyclip.domain.batch import BATCH_ID, Batch, Status
from storyclip.domain.errors import RequestInvalid
from storyclip.domain.holder import Holder, Scope
from storyclip.domain.reach import Reach
from storyclip.web.said.problem_kinds import SCOPE_MISSING
from storyclip.web.said.problems import Problem
from storyclip.web.said.queries import Listing, Running, asked

_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00) (" + BATCH_ID + ")")
_USER_ID = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked for, as far as who asks reaches.

    `again` is what the next page has to be asked for with, besides its cursor.
    """

    reach: Reach
    status: Status | None
    before: tuple[datetime, str] | None
    limit: int
    again: Mapping[str, Any]


def page_asked_for(who: Holder) -> Page:
    """Return the page that the request's query asks for.

    Raises:
        RequestInvalid: a parameter makes no sense.
        Problem: 403, another user's batches without the scope `admin`.
    """
    said = asked(Listing)
    again = said.model_dump(
        include={"limit", "status", "user_id"}, exclude_unset=True, by_alias=True
    )
    return Page(_reach(who, said.user_id), said.status, _before(said.cursor), said.limit, again)


def running_asked_for() -> tuple[int, tuple[datetime, str] | None, Mapping[str, Any]]:
    """Return how many that have not ended are asked for, after which one, and what to ask again.

    Raises:
        RequestInvalid: a parameter makes no sense.
    """
    said = asked(Running)
    again = said.model_dump(include={"limit"}, exclude_unset=True, by_alias=True)
    return said.limit, _before(said.cursor), again


def cursor_after(batch: Batch) -> str:
    """Return the name of the page that begins after `batch`; its inside is nobody's business."""
    place = (
        f"{batch.created_at.astimezone(UTC).isoformat(timespec='microseconds')} {batch.batch_id}"
    )
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _reach(who: Holder, named: str | None) -> Reach:
    if named is None:
        return who.reach
    if not who.reach.users.is_every:
        if named != who.user_id:
            raise Problem(
                SCOPE_MISSING, f"`userId` of somebody else needs the scope `{Scope.ADMIN}`."
            )
    elif not _USER_ID.fullmatch(named):
        raise RequestInvalid(("/userId", "expected visible ASCII characters"))
    return who.reach.of_user(named)


def _before(word: str | None) -> tuple[datetime, str] | None:
    if word is None:
        return None
    try:
        place = base64.b64decode(word + "=" * (-len(word) % 4), b"-_", validate=True).decode()
        match = _CURSOR.fullmatch(place)
        if match is None:
            raise ValueError("not one of ours")
        return datetime.fromisoformat(match[1]), match[2]
    except (binascii.Error, ValueError):
        raise RequestInvalid(("/cursor", "expected one from a Link header")) from None
