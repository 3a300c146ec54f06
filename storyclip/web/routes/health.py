"""Whether the process lives, and whether all it stands on answers."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.database import reading, run
from storyclip.web.front import front
from storyclip.web.said.answers import answer
from storyclip.web.said.problem_kinds import NOT_READY
from storyclip.web.said.problems import Problem
from storyclip.web.said.shapes import Alive, Checks, Ready

routes = Blueprint("health", __name__)


@routes.get("/livez")
def livez() -> Response:
    """Answer; who restarts processes needs to know no more."""
    alive: Alive = {"status": "alive"}
    return answer(alive)


@routes.get("/readyz")
@routes.get("/healthz")
def readyz() -> Response:
    """Say whether database and Redis answer. Without Redis batches are accepted all the same."""
    is_up = {"database": _database_answers(), "redis": front().redis_answers()}
    checks: Checks = {name: "up" if up else "down" for name, up in is_up.items()}
    down = [name for name, up in is_up.items() if not up]
    if down:
        raise Problem(
            NOT_READY, f"Down: {', '.join(down)}.", facts={"checks": checks, "down": down}
        )
    ready: Ready = {"status": "ready", "checks": checks}
    return answer(ready)


def _database_answers() -> bool:
    try:
        with reading():
            run("SELECT 1 FROM installation LIMIT 1").fetchone()
    except StoreUnavailable:
        return False
    return True
