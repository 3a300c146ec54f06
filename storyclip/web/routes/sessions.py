"""Sessions of the page, as an administrator sees and ends them."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.act import SESSION_SHOWN
from storyclip.domain.errors import NotFound
from storyclip.domain.holder import Holder, Scope
from storyclip.domain.session import Session
from storyclip.domain.views import rfc3339
from storyclip.store.access import sessions
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.routes.users import overseen
from storyclip.web.said.admin_bodies import OfSession
from storyclip.web.said.admin_shapes import ManySessions, SessionFacts
from storyclip.web.said.answers import answer
from storyclip.web.said.queries import asked

routes = Blueprint("sessions", __name__, url_prefix="/api/metricool/admin/sessions")


@routes.get("")
def every() -> Response:
    """Show who is signed in, since when and from where."""
    who = auth.holder(Scope.ADMIN)
    found = [_shown(one, who) for one in _in_reach(who)]
    told: ManySessions = {"success": True, "sessions": found, "count": len(found)}
    return answer(told)


@routes.delete("")
def end() -> Response:
    """End a session, and within a second what it opened."""
    who, named = auth.holder(Scope.ADMIN), asked(OfSession).session
    if named not in {one.session_id for one in _in_reach(who)}:
        raise NotFound(f"There is no session {named}.")
    sessions.end_named(named, front().now())
    return Response(status=204)


def _in_reach(who: Holder) -> list[Session]:
    people = overseen(who)
    return [one for one in sessions.every(front().now()) if one.user_id in people]


def _shown(one: Session, who: Holder) -> SessionFacts:
    return {
        "id": one.session_id,
        "user": one.user_id or "",
        "key": one.key_id,
        "entry": one.entry,
        "begunAt": rfc3339(one.begun_at),
        "seenAt": rfc3339(one.seen_at),
        "expiresAt": rfc3339(one.expires_at),
        "address": one.address,
        "browser": one.browser,
        "own": (who.session_id or "")[:SESSION_SHOWN] == one.session_id,
    }
