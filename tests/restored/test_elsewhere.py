"""A second database of the same origin, and one that vanishes: real processes, judged upstream."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.addresses import sqlite_file
from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.restored.real import API, Site, site

pytestmark = [pytest.mark.xdist_group("restored"), pytest.mark.timeout(240)]
REFUSED_WITHIN_S = 5.0


@pytest.fixture
def original(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "original") as stack:
        yield Site(stack)


def copied(original: Site, to: Path) -> str:
    """Copy the whole folder of the rows; return the copy's database URL."""
    shutil.copytree(sqlite_file(original.stack.database_url).parent, to / "rows")
    return f"sqlite:///{to}/rows/storyclip.db"


@pytest.mark.parametrize("same_redis", [False, True], ids=["another Redis", "the same Redis"])
def test_a_copy_started_elsewhere_sends_nothing_and_says_why(
    original: Site, tmp_path: Path, same_redis: bool
):
    original.publish(4, "now")
    original.until(lambda shown: shown["posts"]["published"] >= 1)
    original.stop(is_killed=True)
    url, before = copied(original, tmp_path / "copy"), len(original.live())

    redis_url = original.stack.redis_url if same_redis else None
    with Stack(
        tmp_path / "copy" / "stack",
        database_url=url,
        redis_url=redis_url,
        metricool_url=original.stack.metricool_url,
        environment=original.credentials(),
    ) as stack:
        copy = Site(stack, original.batch_id)
        why = copy.until(lambda shown: "another place" in (shown["error"] or ""))
        said = copy.command("recover")
        log = "".join(file.read_text() for file in stack.log_dir.glob("worker*"))
        created = [line for line in original.ledger() if line["event"] == "created"]
        original.start()
        original.until(lambda shown: shown["status"] == "completed")
        # it is none of the copy's, whatever the original did meanwhile
        assert copy.status()["posts"]["published"] == why["posts"]["published"]

    assert "last used in another place" in said.err
    assert "belongs_elsewhere" in log
    assert len(created) <= before + 1  # what was under way already
    assert original.verdict().is_clean


def test_a_copy_goes_on_once_a_person_says_that_it_belongs_there(original: Site, tmp_path: Path):
    original.publish(3, "now")
    original.until(lambda shown: shown["posts"]["published"] >= 1)
    original.stop(is_killed=True)
    url = copied(original, tmp_path / "copy")

    with Stack(
        tmp_path / "copy" / "stack",
        database_url=url,
        metricool_url=original.stack.metricool_url,
        environment=original.credentials(),
    ) as stack:
        copy = Site(stack, original.batch_id)
        copy.until(lambda shown: "another place" in (shown["error"] or ""))
        here = copy.command("recover", "--here", "--json")
        copy.until(lambda shown: shown.get("strangers") or shown["status"] == "completed")
        if copy.status().get("strangers"):
            copy.command("recover", "--account", "2000001", "--ours", "all")
        copy.until(lambda shown: shown["status"] == "completed")

    assert (here.code, json.loads(here.out)) == (0, {"here": True, "anew": False})
    assert original.verdict().is_clean


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_vanishes_under_the_service_is_noticed(original: Site, tmp_path: Path, how):
    original.publish(3, "now")
    original.until(lambda shown: shown["status"] == "completed")
    file = sqlite_file(original.stack.database_url)
    kept = tmp_path / "kept.db"
    assert original.command("backup", str(kept)).code == 0

    if how == "removed":
        file.unlink()
    else:
        shutil.copy(kept, tmp_path / "rows.new")
        (tmp_path / "rows.new").rename(file)
    body = {
        "posts": [{"url": "https://cdn.example.com/lost.mp4"}],
        "settings": {"accountId": "2000001"},
    }

    eventually(
        lambda: original.ask("POST", f"{API}/publish/stories", json=body).status_code == 503,
        REFUSED_WITHIN_S,
    )
    assert original.ask("GET", "/readyz").status_code == 503
    assert len(original.live()) == 3


def test_a_database_that_is_missing_at_the_start_is_not_begun_anew(original: Site):
    original.publish(1, "now")
    original.until(lambda shown: shown["status"] == "completed")
    file = sqlite_file(original.stack.database_url)
    original.stop()
    for gone in file.parent.glob("storyclip.db*"):
        if gone.suffix != ".mark":
            gone.unlink()

    refused = original.command("keys", "list")
    begun = original.command("recover", "--anew")

    assert refused.code == 1
    assert "is missing, though there was one" in refused.err
    assert begun.code == 0, begun.err
    original.start()
    original.publish(1, "now")
    original.until(lambda shown: shown.get("strangers"))
    assert len(original.live()) == 1


def test_who_starts_paused_sends_nothing_until_it_is_resumed(tmp_path: Path):
    with site(tmp_path / "paused", STORYCLIP_START_PAUSED="1") as stack:
        at = Site(stack)
        at.publish(2, "now")
        at.until(lambda shown: "paused by the operator" in (shown["error"] or ""))
        assert at.live() == []
        assert at.command("resume-all").code == 0
        at.until(lambda shown: shown["status"] == "completed")
        assert at.verdict().is_clean
