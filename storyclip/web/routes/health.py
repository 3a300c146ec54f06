"""Whether the process lives, and whether all it stands on answers."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.database import reading, run
from storyclip.store.files import media_life
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
    """Say whether database and Redis answer. Without Redis batches are accepted all the same.

    A media process that is missed is named as well, but whoever routes by this goes on: the page
    tells its people why their files wait, and everything else goes out.
    """
    is_up = {"database": _database_answers(), "redis": front().redis_answers()}
    down = [name for name, up in is_up.items() if not up]
    if is_up["database"]:
        is_up["media"] = _files_are_seen_to()
    checks: Checks = {name: "up" if up else "down" for name, up in is_up.items()}
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


def _files_are_seen_to() -> bool:
    try:
        return media_life.left_since(front().now()) is None
    except StoreUnavailable:
        return False
