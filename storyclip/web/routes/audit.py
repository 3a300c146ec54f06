"""Who did what: for administrators."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from storyclip.domain.act import Act
from storyclip.domain.holder import Scope
from storyclip.domain.views import rfc3339
from storyclip.store import acts
from storyclip.web.door import auth
from storyclip.web.said.answers import answer
from storyclip.web.said.audit_shapes import AuditEntries, AuditEntry
from storyclip.web.said.queries import AuditAsked, asked

routes = Blueprint("audit", __name__, url_prefix="/api/metricool/admin")


@routes.get("/audit")
def audit() -> Response:
    """Show what was done and who was refused, the newest first."""
    auth.holder(Scope.ADMIN)
    said = asked(AuditAsked)
    wanted = acts.Wanted(said.user, said.action, said.since, before=said.cursor)
    found = acts.newest(wanted, said.limit + 1)
    shown = found[: said.limit]
    body: AuditEntries = {
        "success": True,
        "entries": [_entry(act) for act in shown],
        "count": len(shown),
    }
    response = answer(body)
    if len(found) > said.limit:
        again = said.model_dump(mode="json", exclude_unset=True, by_alias=True)
        query = urlencode({**again, "cursor": shown[-1].id})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response


def _entry(act: Act) -> AuditEntry:
    return {
        "id": act.id,
        "at": rfc3339(act.at),
        "via": act.by.via,
        "user": act.by.user_id,
        "key": act.by.key_id,
        "session": act.by.session_id,
        "address": act.by.address,
        "action": act.action,
        "subject": act.subject,
        "detail": act.detail,
        "outcome": act.outcome,
        "times": act.times,
    }
