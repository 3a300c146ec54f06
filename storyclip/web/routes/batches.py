"""Looking at batches: one's own, by id, active ones, all of them page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from storyclip.domain.holder import Scope
from storyclip.domain.views import clip_views
from storyclip.flow.reconcile import reconcile
from storyclip.store.publishing import batches, wholes
from storyclip.store.publishing.batches import Overview
from storyclip.web.door import auth, limits
from storyclip.web.front import front
from storyclip.web.said.answers import answer, unless_known
from storyclip.web.said.pages import cursor_after, page_asked_for, running_asked_for
from storyclip.web.said.queries import OfBatch, asked
from storyclip.web.said.shapes import OneBatch
from storyclip.web.said.shown import batch_id_of, many, running, summary, whole, worded_clips

routes = Blueprint("batches", __name__, url_prefix="/api/metricool")

LOOK_COST = 100  # usual reads: it makes calls to Metricool, and has a thread wait for them


@routes.get("/status")
def status() -> Response:
    """Show a batch with all its clips."""
    who = auth.holder(Scope.READ)
    batch_id = batch_id_of(asked(OfBatch).batch_id)
    found, its_clips = batches.find_whole(batch_id, who.reach)
    return unless_known(answer(whole(found, its_clips, who.reach)))


@routes.get("/reconcile/<batch_id>")
def reconcile_batch(batch_id: str) -> Response:
    """Have the batch looked at in Metricool now, and show it with all its clips."""
    who = auth.holder(Scope.READ)
    limits.take(who.user_id, LOOK_COST)
    found = batches.find(batch_id_of(batch_id), who.reach)
    if request.method != "HEAD":
        limits.wait_elsewhere()
        reconcile(found.batch, front().now(), front().patience)
        limits.come_back()
        auth.require_still(who, Scope.READ, found.batch.account_id)
    return answer(whole(*batches.find_whole(found.batch.batch_id, who.reach), who.reach))


@routes.get("/batch/<batch_id>")
def batch(batch_id: str) -> Response:
    """Show a batch's summary, and its clips."""
    who = auth.holder(Scope.READ)
    found, its_clips = batches.find_whole(batch_id_of(batch_id), who.reach)
    shown: OneBatch = {
        "success": True,
        "batch": {
            **summary(found),
            "clips": worded_clips(clip_views(its_clips, found.batch.mode)),
        },
    }
    return answer(shown)


@routes.get("/batch/user-active")
@routes.get("/batches/active")
def active() -> Response:
    """Show the caller's batches that are not finished, and the clips of the newest."""
    who = auth.holder(Scope.READ)
    limit, before, again = running_asked_for()
    found = wholes.active(who.own, limit + 1, before)
    response = answer(running(found[:limit]))
    _link_next(response, again, [one for one, _ in found], limit)
    return response


@routes.get("/batches")
def all_batches() -> Response:
    """Show the caller's batches, an administrator's key everybody's, newest first."""
    who = auth.holder(Scope.READ)
    page = page_asked_for(who)
    found = batches.page(page.reach, status=page.status, before=page.before, limit=page.limit + 1)
    response = answer(many(found[: page.limit]))
    _link_next(response, page.again, found, page.limit)
    return response


def _link_next(
    response: Response, again: Mapping[str, Any], found: Sequence[Overview], limit: int
) -> None:
    """Name the next page, if one more was found than this page shows."""
    if len(found) > limit:
        query = urlencode({**again, "cursor": cursor_after(found[limit - 1].batch)})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
