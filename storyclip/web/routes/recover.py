"""After rows were lost: which stories nobody knows, and a person's word on whose they are."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.holder import Holder, Scope
from storyclip.domain.lane import Lane
from storyclip.domain.stranger_view import clip_named
from storyclip.domain.views import rfc3339
from storyclip.store.publishing import adoption, lanes, strangers
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.said.answers import answer
from storyclip.web.said.bodies import parse
from storyclip.web.said.recovering import Recovering
from storyclip.web.said.shapes import HeldLane, HeldLanes, Recovered
from storyclip.web.said.shown import others_of, strangers_on

routes = Blueprint("recover", __name__, url_prefix="/api/metricool")


@routes.get("/recover")
def held() -> Response:
    """Show the accounts on which nothing is sent until somebody says whose some stories are."""
    who = auth.holder(Scope.READ)
    theirs = [lane for lane in strangers.held_lanes() if who.may_use(lane.account_id)]
    shown: HeldLanes = {"success": True, "held": [_shown(lane, who) for lane in theirs]}
    return answer(shown)


@routes.post("/recover")
def decide() -> Response:
    """Take a person's word: these stories are StoryClip's, those are not."""
    who, body = auth.holder_with_body(Scope.PUBLISH)
    said = parse(Recovering, body)
    auth.require_account(who, said.account_id)
    lane = lanes.named(said.account_id, said.network)
    given = {one.name: (one.batch_id, one.clip) for one in said.given}
    theirs = others_of(who.reach, (batch_id for batch_id, _ in given.values()))
    given = {name: clip for name, clip in given.items() if clip[0] not in theirs}
    adopted = adoption.decide(lane.id, said.ours, said.not_ours, front().now(), given)
    clips = [clip for _, clip in adopted.adopted]
    others = others_of(who.reach, (clip.batch_id for clip in clips))
    told: Recovered = {
        "success": True,
        "adopted": [clip_named(clip) for clip in clips if clip.batch_id not in others],
        "left": strangers_on(lane.id, who.reach),
    }
    return answer(told)


def _shown(lane: Lane, who: Holder) -> HeldLane:
    clips = adoption.takers(lane.id)
    others = others_of(who.reach, (clip.batch_id for clip in clips))
    return {
        "accountId": lane.account_id,
        "network": lane.network,
        "heldAt": rfc3339(lane.held_at),
        "strangers": strangers_on(lane.id, who.reach),
        "clips": [clip_named(clip) for clip in clips if clip.batch_id not in others],
    }
