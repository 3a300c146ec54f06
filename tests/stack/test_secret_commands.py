"""`secrets` as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storyclip.store import database
from storyclip.store.access import pepper, sealing
from tests.commands import Told, told_by

OURS, NEW = "first-secret-of-the-installation-" * 2, "second-secret-of-the-installation" * 2

Command = Callable[..., Told]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Runs a command on a database of its own, with these settings."""

    def run(*words: str, **settings: str) -> Told:
        pepper._known = None
        try:
            return told_by(*words, DATABASE_URL=f"sqlite:///{tmp_path}/own/s.db", **settings)
        finally:
            database.disconnect()

    yield run
    sealing.use(tuple)


@pytest.fixture
def key(command: Command) -> str:
    return command("keys", "create", "--user", "ana").stdout.strip()


def standing(command: Command, **settings: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(command("secrets", "list", "--json", **settings).stdout)
    return told


def test_an_open_pepper_is_shown_as_one_and_what_hangs_on_it(command, key):
    assert command("secrets", "list").stdout == (
        "pepper first: in use, open in the database, 1 keys\nSTORYCLIP_SECRET: not set\n"
    )


def test_before_the_first_key_there_is_no_pepper(command):
    assert standing(command) == {"secrets": [], "peppers": []}


def test_seal_needs_a_secret_and_says_what_it_did(command, key):
    assert command("secrets", "seal").returncode == 1

    sealed = command("secrets", "seal", "--json", STORYCLIP_SECRET=OURS)

    assert json.loads(sealed.stdout) == {"sealed": 1, "secret": sealing.id_of(OURS)}
    assert OURS not in sealed.stdout + sealed.stderr


def test_what_is_sealed_with_another_secret_ends_each_command_with_words(command, key):
    command("secrets", "seal", STORYCLIP_SECRET=OURS)

    for words in (
        ("secrets", "list"),
        ("secrets", "rotate", "pepper"),
        ("secrets", "rotate", "webhook", "--user", "ana"),
        ("secrets", "retire", "first"),
        ("keys", "create", "--user", "bea"),
        ("keys", "webhook-secret", "--user", "ana"),
    ):
        told = command(*words, STORYCLIP_SECRET=NEW)
        assert told.returncode == 1, words
        assert sealing.id_of(OURS) in told.stderr, words


def test_a_pepper_is_exchanged_and_the_one_before_forgotten(command, key):
    new = command("secrets", "rotate", "pepper").stdout.strip()
    assert "signs the webhooks of ana" in command("secrets", "list").stdout
    refused = command("secrets", "retire", "first")
    assert refused.returncode == 1
    assert "rotate those secrets first" in refused.stderr
    command("secrets", "rotate", "webhook", "--user", "ana", "--grace", "0m")

    gone = command("secrets", "retire", "first", "--revoke-keys", "--json")

    assert json.loads(gone.stdout) == {"retired": "first", "revokedKeys": 1}
    (left,) = standing(command)["peppers"]
    assert (left["id"], left["keys"], left["webhooksOf"]) == (new, 0, ["ana"])


def test_a_new_webhook_secret_is_the_one_that_is_printed_from_then_on(command, key):
    before = command("keys", "webhook-secret", "--user", "ana").stdout

    new = json.loads(command("secrets", "rotate", "webhook", "--user", "ana", "--json").stdout)

    assert new["secret"].startswith("whsec_")
    assert command("keys", "webhook-secret", "--user", "ana").stdout.strip() == new["secret"]
    assert new["secret"] != before.strip()


def test_nobody_who_has_no_key_gets_a_webhook_secret(command, key):
    assert command("secrets", "rotate", "webhook", "--user", "nobody").returncode == 1
