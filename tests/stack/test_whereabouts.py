"""Links begin with where StoryClip is: as it was said, else where the running stack answers."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from config.settings import Settings
from storyclip.stack import whereabouts

HERE = "http://127.0.0.1:8713"


def address(folder: Path, **said: str) -> str:
    environment = {"DATABASE_URL": f"sqlite:///{folder}/storyclip.db", **said}
    return whereabouts.address_for(Settings.from_environment(environment, needs_upstream=False))


def test_a_link_begins_with_where_the_stack_runs_and_no_longer_when_it_has_ended(tmp_path):
    whereabouts.leave(tmp_path, HERE)
    running = address(tmp_path)
    whereabouts.forget(tmp_path)

    assert (running, address(tmp_path)) == (HERE, "http://127.0.0.1:8000")
    assert address(tmp_path, PORT="8001") == "http://127.0.0.1:8001"


def test_what_is_set_comes_before_what_runs(tmp_path):
    whereabouts.leave(tmp_path, HERE)
    url, public = "http://10.0.0.1:9000", "https://clips.example.com"

    assert address(tmp_path, STORYCLIP_URL=url) == url
    assert address(tmp_path, STORYCLIP_URL=url, STORYCLIP_PUBLIC_URL=public) == public


def test_nobody_else_reads_it(tmp_path):
    whereabouts.leave(tmp_path, HERE)

    assert stat.S_IMODE((tmp_path / whereabouts.NAME).stat().st_mode) == 0o600


def killed() -> int:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("left", ["{killed} {url}\n", "{killed} ht", "", "x\n", "1 http://127.0.0"])
def test_what_a_killed_stack_left_is_not_believed(tmp_path, left):
    (tmp_path / whereabouts.NAME).write_text(left.format(killed=killed(), url=HERE))

    assert address(tmp_path) == "http://127.0.0.1:8000"
