"""Which page of the batches is asked for, and how the next one is named."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from storyclip.domain.batch import Batch, Status
from storyclip.domain.errors import RequestInvalid
from storyclip.store.access.keys import Holder
from storyclip.web.said.problem_kinds import SCOPE_MISSING
from storyclip.web.said.problems import Problem

USUAL_LIMIT, MAX_LIMIT = 50, 200

_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00) ([!-~]{1,100})")
_USER_ID = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked for; `user_id` is None for everybody's batches."""

    user_id: str | None
    status: Status | None
    before: tuple[datetime, str] | None
    limit: int
    asked: Mapping[str, str]

    def query(self) -> dict[str, str]:
        """Return what the next page has to be asked for with, besides its cursor."""
        return {
            name: self.asked[name] for name in ("limit", "status", "userId") if name in self.asked
        }


def page_asked_for(who: Holder, query: Mapping[str, str]) -> Page:
    """Return the page that the query asks for.

    Raises:
        RequestInvalid: a parameter makes no sense.
        Problem: 403, another user's batches without the scope `admin`.
    """
    return Page(
        _user_id(who, query.get("userId")),
        _status(query.get("status")),
        _before(query.get("cursor")),
        _limit(query.get("limit")),
        query,
    )


def cursor_after(batch: Batch) -> str:
    """Return the name of the page that begins after `batch`; its inside is nobody's business."""
    place = (
        f"{batch.created_at.astimezone(UTC).isoformat(timespec='microseconds')} {batch.batch_id}"
    )
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _user_id(who: Holder, asked: str | None) -> str | None:
    if not who.may("admin"):
        if asked not in (None, who.user_id):
            raise Problem(SCOPE_MISSING, "`userId` of somebody else needs the scope `admin`.")
        return who.user_id
    if asked is not None and not _USER_ID.fullmatch(asked):
        raise RequestInvalid(("/userId", "expected visible ASCII characters"))
    return asked


def _status(asked: str | None) -> Status | None:
    if asked is None:
        return None
    try:
        return Status(asked)
    except ValueError:
        words = ", ".join(Status)
        raise RequestInvalid(("/status", f"expected one of {words}")) from None


def _limit(asked: str | None) -> int:
    if asked is None:
        return USUAL_LIMIT
    if not re.fullmatch(r"[0-9]{1,3}", asked) or not 1 <= int(asked) <= MAX_LIMIT:
        raise RequestInvalid(("/limit", f"expected a number from 1 to {MAX_LIMIT}"))
    return int(asked)


def _before(asked: str | None) -> tuple[datetime, str] | None:
    if asked is None:
        return None
    try:
        place = base64.b64decode(asked + "=" * (-len(asked) % 4), b"-_", validate=True).decode()
        match = _CURSOR.fullmatch(place)
        if match is None:
            raise ValueError("not one of ours")
        return datetime.fromisoformat(match[1]), match[2]
    except (binascii.Error, ValueError):
        raise RequestInvalid(("/cursor", "expected one from a Link header")) from None
