"""Who did what: for administrators."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from storyclip.domain.act_view import entry_of
from storyclip.domain.holder import Scope
from storyclip.store import acts
from storyclip.web.door import auth
from storyclip.web.routes.users import overseen
from storyclip.web.said.answers import answer
from storyclip.web.said.audit_shapes import AuditEntries
from storyclip.web.said.queries import AuditAsked, asked

routes = Blueprint("audit", __name__, url_prefix="/api/metricool/admin")


@routes.get("/audit")
def audit() -> Response:
    """Show what was done and who was refused, the newest first.

    Who administers some accounts sees what the users of those did, and nothing of the machine.
    """
    who = auth.holder(Scope.ADMIN)
    said = asked(AuditAsked)
    theirs = overseen(who)
    wanted = acts.Wanted(said.user, said.action, said.since, said.cursor, theirs=theirs)
    found = acts.newest(wanted, said.limit + 1)
    shown = found[: said.limit]
    body: AuditEntries = {
        "success": True,
        "entries": [entry_of(act) for act in shown],
        "count": len(shown),
    }
    response = answer(body)
    if len(found) > said.limit:
        again = said.model_dump(mode="json", exclude_unset=True, by_alias=True)
        query = urlencode({**again, "cursor": shown[-1].id})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response
