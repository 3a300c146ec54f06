"""Looking at batches: one's own, by id, active ones, all of them page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from storyclip.domain.errors import NotFound, RequestInvalid
from storyclip.domain.views import Json, status_view, summary_view
from storyclip.store import batches
from storyclip.store.batches import Overview
from storyclip.web import auth
from storyclip.web.answers import answer
from storyclip.web.front import front
from storyclip.web.paging import Page, cursor_after, page_asked_for

routes = Blueprint("batches", __name__, url_prefix="/api/metricool")

_BATCH_ID = re.compile(r"[!-~]{1,100}")


@routes.get("/status")
def status() -> Response:
    """Show a batch with all its clips."""
    who = auth.holder("read")
    if not (batch_id := request.args.get("batchId")):
        raise RequestInvalid(("/batchId", "required, in the query"))
    found, its_clips = batches.find_whole(known_form(batch_id), who.user_id)
    shown = status_view(found.batch, its_clips, front().now(), front().wait_total_s, found.blocked)
    return _unless_known(answer(shown))


@routes.get("/batch/<batch_id>")
def batch(batch_id: str) -> Response:
    """Show a batch's summary."""
    who = auth.holder("read")
    found = batches.find(known_form(batch_id), who.user_id)
    return answer({"success": True, "batch": summary(found)})


@routes.get("/batch/user-active")
@routes.get("/batches/active")
def active() -> Response:
    """Show the caller's batches that are not finished."""
    who = auth.holder("read")
    return answer(many(batches.active(who.user_id)))


@routes.get("/batches")
def all_batches() -> Response:
    """Show the caller's batches, an administrator's key everybody's, newest first."""
    who = auth.holder("read")
    page = page_asked_for(who, request.args)
    found = batches.page(
        user_id=page.user_id, status=page.status, before=page.before, limit=page.limit + 1
    )
    shown = found[: page.limit]
    response = answer(many(shown))
    if len(found) > page.limit:
        response.headers["Link"] = f'<{_next_page(page, shown[-1])}>; rel="next"'
    return response


def _next_page(page: Page, last: Overview) -> str:
    query = page.query() | {"cursor": cursor_after(last.batch)}
    return f"{request.path}?{urlencode(query)}"


def known_form(batch_id: str) -> str:
    # PostgreSQL refuses a NUL with an error of its own: what cannot be an id is not looked up.
    if not _BATCH_ID.fullmatch(batch_id):
        raise NotFound("no such batch")
    return batch_id


def many(found: Sequence[Overview]) -> Json:
    return {"success": True, "batches": [summary(one) for one in found], "count": len(found)}


def summary(found: Overview) -> Json:
    """Return a batch's summary as it is shown."""
    return summary_view(
        found.batch, found.current, front().now(), front().wait_total_s, found.blocked
    )


def _unless_known(response: Response) -> Response:
    """Answer 304 to who has these very bytes already.

    The tag is of the bytes: phase, waiting time and a blocked account change without an event.
    """
    response.set_etag(blake2b(response.get_data(), digest_size=12).hexdigest())
    response.make_conditional(request)
    return response
