"""The last release's web and worker on today's tables: expand, then contract, a release apart."""

from __future__ import annotations

import ast
from contextlib import ExitStack
from pathlib import Path

import pytest

from storyclip.store import schema
from tests.upgrade.last_release import TODAY, last_release, site, taken_out


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return taken_out(tmp_path_factory.mktemp("old") / "last-release")


def test_the_last_release_is_named_by_a_whole_commit():
    assert len(last_release()) == 40


@pytest.mark.timeout(400)
@pytest.mark.undescribed  # the last release answers as its own document says
def test_both_releases_publish_beside_each_other_and_the_older_one_on_the_newer_tables(
    empty_database_url: str, old: Path, tmp_path: Path
):
    with site(tmp_path, empty_database_url) as here, ExitStack() as running:
        old_web = running.enter_context(here.web(old))  # makes the tables as they were
        with here.worker(old):
            begun_before = here.publish(old_web, 3)

            migrated = here.command(TODAY, "migrate")

            assert migrated.returncode == 0, migrated.stderr
            with here.worker(TODAY), here.web(TODAY) as new_web:
                by_old, by_new = here.publish(old_web, 4), here.publish(new_web, 4)
                here.flush_redis()
                here.until_completed(new_web, begun_before)
                here.until_completed(new_web, by_old)
                here.until_completed(old_web, by_new)
        assert here.verdicts() == []

        if (old / "storyclip/store/schema.py").exists():  # it refuses to start on newer tables
            return
        with here.worker(old):
            here.until_completed(old_web, here.publish(old_web, 3))
        with here.worker(TODAY):
            here.until_completed(old_web, here.publish(old_web, 3))
        assert here.verdicts() == []


def test_the_last_release_knows_the_first_of_todays_migrations_as_they_are(old: Path):
    theirs, ours = (
        {file.name: what_it_does(file) for file in folder.glob("0*.py")}
        for folder in (old / "storyclip/store/migrations", schema.MIGRATIONS)
    )

    assert theirs
    assert {name: ours.get(name) for name in theirs} == theirs


def what_it_does(file: Path) -> str:
    """Its program without its comments: those may be mended after a release, the program never."""
    return ast.dump(ast.parse(file.read_text()))
