"""Which names a child finds in its environment, and that real ones find no others."""

from __future__ import annotations

import os

import psutil
import pytest

from config.children import for_any, for_postgres, for_the_service
from config.secret_files import SECRETS
from config.settings import names
from storyclip.stack.stack import Stack
from tests.forked.asking import not_forked

FOREIGN = {"AWS_SECRET_ACCESS_KEY": "canary-1", "GITHUB_TOKEN": "canary-2"}
TOKEN = "canary-of-metricool-0123456789"


@pytest.fixture
def _a_shell_full_of_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    for name, word in {**FOREIGN, "METRICOOL_USER_TOKEN": TOKEN, "PGPASSFILE": "/p"}.items():
        monkeypatch.setenv(name, word)


pytestmark = pytest.mark.usefixtures("_a_shell_full_of_secrets")


def test_any_program_gets_where_things_are_and_no_setting():
    found = for_any({"PORT": "1"})

    assert found["PATH"] == os.environ["PATH"]
    assert found["PORT"] == "1"
    assert not {*FOREIGN, *SECRETS, "PGPASSFILE"} & found.keys()


def test_postgres_programs_get_their_own_names_besides():
    found = for_postgres({"PGPASSWORD": "pw"})

    assert (found["PGPASSFILE"], found["PGPASSWORD"]) == ("/p", "pw")
    assert not {*FOREIGN, *SECRETS} & found.keys()


def test_the_service_gets_the_settings_but_not_those_of_its_clients(monkeypatch):
    monkeypatch.setenv("STORYCLIP_API_KEY", "canary-3")
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 2")

    found = for_the_service({"PORT": "1"})

    assert found["METRICOOL_USER_TOKEN"] == TOKEN
    assert found["GUNICORN_CMD_ARGS"] == "--workers 2"
    assert not {*FOREIGN, "STORYCLIP_API_KEY"} & found.keys()


def test_a_secret_that_is_told_is_not_also_read_from_a_file(monkeypatch):
    monkeypatch.setenv("REDIS_URL_FILE", "/run/secrets/redis")

    assert "REDIS_URL_FILE" not in for_the_service({"REDIS_URL": "redis://h/0"})


def test_no_process_of_a_stack_has_a_name_that_it_does_not_need(tmp_path):
    with not_forked(), Stack(tmp_path / "data") as stack:
        guard = [stack._running()._guard.pid]
        pids = {name: stack.pids(name) for name in ("redis", "sandbox", "web", "worker")}
        found = {
            name: [psutil.Process(pid).environ() for pid in some]
            for name, some in {**pids, "guard": guard}.items()
        }

    for name, environments in found.items():
        assert environments, name
        for environment in environments:
            assert not FOREIGN.keys() & environment.keys(), name
            assert TOKEN not in environment.values(), name  # the sandbox's own is used
            if name in ("redis", "sandbox", "guard"):
                assert not {*names()} & environment.keys(), name
