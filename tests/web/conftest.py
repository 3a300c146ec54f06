"""The web over a real SQLite file: a Flask client, a clock that stands still, a small Metricool."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from config.settings import Settings
from storyclip.domain.errors import UpstreamUnreachable
from storyclip.domain.story import Brand, HeatMap, Look, Post, Story
from storyclip.spool.local import Spool
from storyclip.store import database
from storyclip.store.history import events
from storyclip.web.factory import create_app
from tests.databases import new_sqlite
from tests.people import key_for

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
ACCOUNT = "2000001"
PUBLISH = "/api/metricool/publish/stories"
ELSEWHERE = "https://app.example.com"


@dataclass
class Clock:
    """Stands still until a test moves it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Seconds:
    """Seconds of no date, which stand still until a test moves them."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


FLAT = HeatMap(((0,) * 24,) * 7)


@dataclass
class SmallMetricool:
    """Knows its brands and nothing else; `trouble` is raised instead when set."""

    trouble: Exception | None = None
    heat: HeatMap = FLAT
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    theirs: list[Brand] = field(
        default_factory=lambda: [
            Brand("2000001", "Cocina de Lola", "Europe/Madrid", "11", "lola", "https://x.io/1.png"),
            Brand("2000002", "Ruta Andina", "America/Bogota", "12", None, None),
        ]
    )

    def is_heard(self) -> bool:
        return True

    def best_times(
        self, account_id: str, network: str, timezone: str, start: datetime, end: datetime
    ) -> HeatMap:
        self.asked.append((account_id, network, timezone))
        if self.trouble is not None:
            raise self.trouble
        return self.heat

    def brands(self) -> Sequence[Brand]:
        if self.trouble is not None:
            raise self.trouble
        return tuple(self.theirs)

    def prepare_media(self, account_id: str, source_url: str) -> str:
        raise UpstreamUnreachable("not asked here")

    def submit_story(self, story: Story, send_by: float | None = None) -> Post:
        raise AssertionError("the web publishes nothing itself")

    def post(self, account_id: str, network: str, post_id: str) -> Post | None:
        raise UpstreamUnreachable("not asked here")

    def posts_between(self, account_id: str, network: str, start: datetime, end: datetime) -> Look:
        raise UpstreamUnreachable("not asked here")

    def deleted_posts(self, account_id: str, network: str) -> Look:
        raise UpstreamUnreachable("not asked here")

    def delete_post(self, account_id: str, post_id: str, send_by: float | None = None) -> None:
        raise UpstreamUnreachable("not asked here")

    def month_count(self, account_id: str) -> int | None:
        return None

    def now(self) -> datetime | None:
        return None


@dataclass
class Redis:
    """Answers or does not."""

    is_up: bool = True

    def answers(self) -> bool:
        return self.is_up


class Someone:
    """A client that sends one key with everything."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.key = key

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.client.get(path, headers={"X-Api-Key": self.key, **(headers or {})})

    def post(self, path: str = PUBLISH, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return self.client.post(path, headers={"X-Api-Key": self.key, **(headers or {})}, **body)

    def publish(self, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.post(json=body or good(), headers=headers)


def good(clips: int = 3, **changes: Any) -> dict[str, Any]:
    """A request that is accepted."""
    return {
        "jobId": "job_123",
        "posts": [
            {"id": f"c{n}", "url": f"https://cdn.example.com/{n}.mp4", "text": f"Clip {n}"}
            for n in range(1, clips + 1)
        ],
        "schedule": {"mode": "now"},
        "settings": {"accountId": ACCOUNT, "network": "facebook", "onFailure": "continue"},
    } | changes


def rows(table: str) -> int:
    """How many rows a table has."""
    with database.reading():
        return int(database.run(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def nothing_recorded() -> bool:
    tables = ("publish_batches", "publish_batch_clips", "publish_batch_events", "idempotency_keys")
    return not any(rows(table) for table in tables)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def metricool() -> SmallMetricool:
    return SmallMetricool()


@pytest.fixture
def redis() -> Redis:
    return Redis()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the database lives."""
    return tmp_path / "data"


@pytest.fixture
def sqlite(folder: Path) -> Iterator[Path]:
    """This process bound to a SQLite file without a row."""
    events.forget_listeners()
    database.connect(new_sqlite(folder / "storyclip.db"))
    yield folder / "storyclip.db"
    database.disconnect()
    events.forget_listeners()


@pytest.fixture
def app(sqlite: Path, clock: Clock, metricool: SmallMetricool, redis: Redis) -> Flask:
    settings = Settings.from_environment({}, needs_upstream=False)
    spool = Spool(sqlite.parents[1] / "media")
    spool.prepare()
    return create_app(settings, metricool, clock, redis.answers, spool=spool)


@pytest.fixture
def app_anywhere(
    database_url: str, clock: Clock, metricool: SmallMetricool, redis: Redis
) -> Iterator[Flask]:
    """The application over each kind of database there is: for a module's own `app`."""
    events.forget_listeners()
    database.connect(database_url)
    settings = Settings.from_environment({}, needs_upstream=False)
    app = create_app(settings, metricool, clock, redis.answers)
    yield app
    app.extensions["storyclip.live"].hub.stop()
    database.disconnect()
    events.forget_listeners()


@pytest.fixture
def anyone(app: Flask) -> FlaskClient:
    """A client without a key."""
    return app.test_client()


@pytest.fixture
def ana(anyone: FlaskClient) -> Someone:
    """A user who may publish and read."""
    return Someone(anyone, key_for("ana", {"publish", "read"}, at=NOON))


@pytest.fixture
def bea(anyone: FlaskClient) -> Someone:
    """Another user who may publish and read."""
    return Someone(anyone, key_for("bea", {"publish", "read"}, at=NOON))


@pytest.fixture
def root(anyone: FlaskClient) -> Someone:
    """An administrator."""
    return Someone(anyone, key_for("root", {"admin"}, at=NOON))


@pytest.fixture
def elsewhere(app: Flask) -> str:
    """An origin that the settings name."""
    front = app.extensions["storyclip"]
    named = Settings.from_environment({"STORYCLIP_CORS_ORIGINS": ELSEWHERE}, needs_upstream=False)
    app.extensions["storyclip"] = replace(front, settings=named)
    return ELSEWHERE


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The WebSocket's address at a server in this process."""
    front = app.extensions["storyclip"]
    settings = Settings.from_environment(
        {"STORYCLIP_CORS_ORIGINS": ELSEWHERE}, needs_upstream=False
    )
    app.extensions["storyclip"] = replace(front, settings=settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"ws://127.0.0.1:{server.server_port}/api/metricool/ws"
    app.extensions["storyclip.live"].hub.stop()
    server.shutdown()
    thread.join(10)
    server.server_close()
