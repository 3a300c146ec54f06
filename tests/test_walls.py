"""Every wall between the rooms stands: an import planted across it breaks its contract."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.configuration import configure
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

KINDS: dict[str, type[Contract]] = {"forbidden": ForbiddenContract, "layers": LayersContract}
BREACHES = {
    "Rooms import one way": [
        ("storyclip.domain.order", "storyclip.store.publishing.clips"),
        ("storyclip.flow.step", "storyclip.web.front"),
        ("storyclip.store.publishing.clips", "storyclip.upstream.posts"),
        ("storyclip.upstream.posts", "storyclip.store.publishing.clips"),
        ("storyclip.webhooks.courier", "storyclip.flow.clock"),
        ("storyclip.probe.check", "storyclip.progress.news"),
        ("storyclip.tasks.actors", "storyclip.web.front"),
        ("storyclip.line.dialing", "storyclip.upstream.words"),
        ("storyclip.stack.run", "storyclip.cli.main"),
        ("storyclip.media.mend", "storyclip.store.database"),
        ("storyclip.media.mend", "storyclip.line.deadline"),
        ("storyclip.spool.local", "storyclip.store.database"),
        ("storyclip.spool.local", "storyclip.media.plan"),
        ("storyclip.web.said.tus", "storyclip.tasks.media"),
    ],
    "The wings of the web import one way": [
        ("storyclip.web.said.answers", "storyclip.web.door.auth"),
        ("storyclip.web.front", "storyclip.web.live.part"),
        ("storyclip.web.live.streams", "storyclip.web.page"),
        ("storyclip.web.door.auth", "storyclip.web.routes.session"),
    ],
    "The wings of the store import one way": [
        ("storyclip.store.history.events", "storyclip.store.publishing.batches"),
        ("storyclip.store.access.keys", "storyclip.store.service.workers"),
        ("storyclip.store.service.workers", "storyclip.store.access.keys"),
        ("storyclip.store.database", "storyclip.store.access.keys"),
    ],
    "Only the room of the provider knows Authlib": [("storyclip.web.routes.oidc", "authlib")],
    "Only the store knows Argon2": [("storyclip.web.door.auth", "argon2")],
    "Only the store knows peewee and psycopg": [("storyclip.flow.hand", "peewee")],
    "Only terminal, cli, stack and oidc know requests": [("storyclip.upstream.line", "requests")],
    "The terminal knows the service by its API alone": [
        ("storyclip.terminal.follow", "storyclip.store.publishing.batches")
    ],
    "Only the spool knows obstore": [
        ("storyclip.web.routes.files", "obstore"),
        ("storyclip.spool.bucket", "obstore"),
    ],
    "Only media knows MediaInfo": [
        ("storyclip.web.routes.publish", "pymediainfo"),
        ("storyclip.media.probing", "pymediainfo"),
    ],
    "Only media knows ffmpeg and Pillow": [
        ("storyclip.tasks.actors", "imageio_ffmpeg"),
        ("storyclip.web.routes.publish", "PIL"),
        ("storyclip.media.probing", "pillow_heif"),
    ],
    "What reads strangers' files is a program that imports nothing of ours": [
        ("storyclip.media.film_reader", "storyclip.domain.clip_file"),
        ("storyclip.media.picture_reader", "storyclip.domain.errors"),
        ("storyclip.media.launch", "config.settings"),
    ],
    "Only tasks know Dramatiq": [("storyclip.flow.clock", "dramatiq")],
    "Only progress, tasks and stack know redis": [("storyclip.web.routes.health", "redis")],
    "Who decides knows no store: only the hand writes": [
        ("storyclip.flow.settle", "storyclip.store.publishing.clips"),
        ("storyclip.flow.begin", "storyclip.upstream.posts"),
    ],
    "Webhooks know no part of the publishing": [
        ("storyclip.webhooks.delivering", "storyclip.upstream.metricool")
    ],
    "Only who holds a line knows sockets": [("storyclip.upstream.caller", "socket")],
    "Only the web knows Flask": [("storyclip.flow.accept", "flask")],
    "Only the sandbox's HTTP fronts know aiohttp": [("storyclip.sandbox.api", "aiohttp")],
    "The sandbox is an island that stack and cli enter through its process module": [
        ("storyclip.upstream.metricool", "storyclip.sandbox.world"),
        ("storyclip.stack.stack", "storyclip.sandbox.world"),
    ],
    "The sandbox imports nothing of ours": [
        ("storyclip.sandbox.posts", "storyclip.domain.story"),
        ("storyclip.sandbox.posts", "config.settings"),
    ],
    "The domain knows nobody, not even config": [("storyclip.domain.wish", "config.settings")],
    "Config knows no room of the service, and of its words those of keys alone": [
        ("config.settings", "storyclip.domain.batch"),
        ("config.seed_keys", "storyclip.domain.batch"),
    ],
}
PROJECT = Path(__file__).parent.parent / "pyproject.toml"
SAID = tomllib.loads(PROJECT.read_text())["tool"]["importlinter"]


@pytest.fixture(scope="module")
def imports() -> Any:
    configure()
    return grimp.build_graph("storyclip", "config", include_external_packages=True)


def contract(said: dict[str, Any]) -> Contract:
    options = {key: _as_written(value) for key, value in said.items()}
    session = {"root_packages": SAID["root_packages"], "include_external_packages": "True"}
    return KINDS[said["type"]](said["name"], session, options)


def _as_written(value: Any) -> Any:
    return str(value) if isinstance(value, bool) else value


def test_each_contract_has_its_breaches():
    assert set(BREACHES) == {said["name"] for said in SAID["contracts"]}


@pytest.mark.parametrize("said", SAID["contracts"], ids=lambda said: said["name"])
def test_a_wall_stops_what_is_planted_across_it(imports: Any, said: dict[str, Any]):
    assert contract(said).check(deepcopy(imports), verbose=False).kept

    for importer, imported in BREACHES[said["name"]]:
        assert importer in imports.modules, f"nobody can import from {importer} any more"
        planted = deepcopy(imports)
        planted.add_import(importer=importer, imported=imported)
        assert not contract(said).check(planted, verbose=False).kept, f"{importer} -> {imported}"


@pytest.mark.parametrize("wings", ["web", "store"])
def test_a_module_of_no_wing_is_noticed(imports: Any, wings: str):
    [said] = [
        one for one in SAID["contracts"] if one["name"].startswith(f"The wings of the {wings}")
    ]
    planted = deepcopy(imports)

    planted.add_module(f"storyclip.{wings}.planted")

    assert not contract(said).check(planted, verbose=False).kept
