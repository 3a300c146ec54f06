"""Alive is not ready: who routes traffic asks the second, who restarts processes the first."""

from __future__ import annotations

import pytest

from storyclip.domain.errors import StoreUnavailable
from storyclip.store import database

READY = pytest.mark.parametrize("path", ["/readyz", "/healthz"])


@pytest.fixture
def database_down(app, monkeypatch):
    def broken(*_args, **_kwargs):
        raise StoreUnavailable("gone")

    monkeypatch.setattr(database.database.obj, "connect", broken)


@READY
def test_ready_when_all_answer(anyone, path):
    answer = anyone.get(path)

    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "checks": {"database": "up", "redis": "up", "media": "up"},
    }


@READY
def test_not_ready_without_redis(anyone, redis, path):
    redis.is_up = False

    answer = anyone.get(path)

    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["down"] == ["redis"]
    assert answer.get_json()["detail"] == "Down: redis."


@READY
def test_not_ready_without_the_database(anyone, database_down, path):
    answer = anyone.get(path)

    assert answer.status_code == 503
    assert answer.get_json()["down"] == ["database"]
    assert answer.get_json()["checks"] == {"database": "down", "redis": "up"}


def test_both_are_named(anyone, database_down, redis):
    redis.is_up = False

    assert anyone.get("/readyz").get_json()["down"] == ["database", "redis"]


def test_alive_whatever_is_down(anyone, database_down, redis):
    redis.is_up = False

    assert anyone.get("/livez").get_json() == {"status": "alive"}


def test_the_brands_are_shown_in_the_contract_s_words(ana):
    assert ana.get("/api/metricool/brands").get_json() == {
        "success": True,
        "brands": [
            {
                "id": "2000001",
                "label": "Cocina de Lola",
                "timezone": "Europe/Madrid",
                "hasFacebook": True,
                "hasInstagram": True,
                "facebook": "11",
                "instagram": "lola",
                "picture": "https://x.io/1.png",
            },
            {
                "id": "2000002",
                "label": "Ruta Andina",
                "timezone": "America/Bogota",
                "hasFacebook": True,
                "hasInstagram": False,
                "facebook": "12",
                "instagram": None,
                "picture": None,
            },
        ],
    }
