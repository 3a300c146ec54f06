"""Refused entries: who is not let in, or may not do what they ask, is said in the log and kept."""

from __future__ import annotations

import structlog
from flask import Response, g, request

from storyclip.domain.act import Action
from storyclip.domain.errors import Forbidden, StoreUnavailable
from storyclip.store import acts
from storyclip.store.access import users
from storyclip.store.database import writing
from storyclip.web.door.part import door
from storyclip.web.front import front
from storyclip.web.said import problem_kinds
from storyclip.web.said.problems import Problem, answer_to

log = structlog.get_logger("storyclip")

_REFUSED = frozenset(
    kind.code
    for kind in (
        problem_kinds.NO_KEY,
        problem_kinds.TOO_MANY_TRIES,
        problem_kinds.SCOPE_MISSING,
        problem_kinds.ACCOUNT_NOT_ALLOWED,
        problem_kinds.ORIGIN_REFUSED,
    )
)
_TRIED_FOR = "storyclip_tried_for"
_ONLY_ASKS = ("GET /session",)  # our own page, whether somebody is signed in


def tries_as(user_id: str) -> None:
    """Note that the request would come in as this user, who need not be there."""
    setattr(g, _TRIED_FOR, user_id)


def answered(error: Exception) -> Response:
    """Return the problem that `error` is to the client; a refused entry is kept first."""
    keep(error)
    return answer_to(error)


def keep(error: Exception) -> None:
    """Keep an error if it is that somebody is not let in: a row by itself, for nothing was done.

    That it cannot be written is no reason to answer otherwise.
    """
    code, what = _code(error), f"{request.method} {request.url_rule or '-'}"
    if code is None or what in _ONLY_ASKS:
        return
    now, address = front().now(), request.remote_addr
    times = door().refusals.take(address, now)
    if not times:
        return
    who = acts.actor()
    tried_for = g.get(_TRIED_FOR)
    said = {"user": who.user_id, "key_id": who.key_id, "address": address, "times": times}
    log.warning("entry_refused", code=code, what=what, **said)
    try:
        with writing():
            if tried_for is not None and users.find(tried_for) is not None:
                acts.write(Action.ENTRY, tried_for, now, detail=what, outcome=code, times=times)
            else:  # what is made up is not written
                acts.write(Action.ENTRY, what, now, outcome=code, times=times)
    except StoreUnavailable as failure:
        log.warning("entry_not_kept", reason=str(failure))


def _code(error: Exception) -> str | None:
    if isinstance(error, Forbidden):
        return problem_kinds.SCOPE_MISSING.code
    if isinstance(error, Problem) and error.kind.code in _REFUSED:
        return error.kind.code
    return None
