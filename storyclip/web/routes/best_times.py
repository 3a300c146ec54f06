"""The hours in which an account's stories do best."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.dates.best_time import Distribution, Wish, best_plan
from storyclip.domain.holder import Scope
from storyclip.domain.views import rfc3339
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.said.account_shapes import BestTimes
from storyclip.web.said.answers import answer
from storyclip.web.said.queries import BestTimesAsked, asked
from storyclip.web.said.zones import zone_for

routes = Blueprint("best_times", __name__, url_prefix="/api/metricool")

NEXT = 10  # how many of the best hours of the coming week are named


@routes.get("/best-times")
def best_times() -> Response:
    """Show the heat map of an account's network, and the best hours of the coming week."""
    who = auth.holder(Scope.READ)
    said = asked(BestTimesAsked)
    auth.require_account(who, said.account_id)
    is_known = front().heat_maps.knows(said.account_id, said.network)
    with auth.waiting_elsewhere(who, not is_known, said.account_id):
        zone = zone_for(said.account_id, said.timezone or None, "/timezone")
        heat = front().heat_maps.of(said.account_id, said.network, zone)
    settings, now = front().settings, front().now()
    wish = Wish(Distribution.SPREAD, NEXT)
    plan = best_plan(heat, zone, now, wish, settings.lead_s, settings.date_step_s)
    shown: BestTimes = {
        "success": True,
        "timezone": zone.key,
        "days": [
            {"dayOfWeek": number, "hours": hours} for number, hours in enumerate(heat.days, start=1)
        ],
        "rule": plan.rule,
        "next": [{"startsAt": rfc3339(slot.instant), "value": slot.score} for slot in plan.slots],
    }
    return answer(shown)
