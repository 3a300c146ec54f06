"""Every command that changes something writes who did it, in the transaction that does it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from storyclip.cli.main import main
from storyclip.domain.act import Act, Action, Via
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.names import names
from storyclip.domain.user import Role
from storyclip.store import acts, database
from storyclip.store.access import keys, pepper, rotation, sealing, users, webhook_secrets
from storyclip.store.acts import Wanted
from storyclip.store.service import newest
from tests.audit.transactions import watching
from tests.commands import Told, told_by
from tests.databases import new_sqlite
from tests.store.making import everything, made
from tests.web.test_recover import held

NOW = datetime.now(UTC)
SECRET = "secret-of-the-installation-" * 2

# What changes nothing in the database, or is accounted for otherwise, and how
NO_ACTS = {
    "publish": "by the API: its key is whose act it is",
    "watch": "looks",
    "audit": "looks",
    "backup": "reads the database, and writes a file",
    "restore": "the first start of what was put back writes service.restore",
    "migrate": "the tables keep which migrations they had",
    "demo": "has a database of its own",
    "run": "its processes write for themselves: key.make and user.make of the service",
    "keys list": "looks",
    "keys webhook-secret": "looks",
    "users list": "looks",
    "secrets list": "looks",
    "users show": "looks",
}

Case = tuple[Callable[[], list[str]], list[Action]]


def key() -> str:
    users.create("bea", Role.PUBLISHER, names({"1"}), NOW)
    return keys.make("bea", {"publish"}, at=NOW).split("_")[1]


def key_alone() -> list[str]:
    key()
    return []


def owner() -> str:
    key()
    return "bea"


def rotated() -> str:
    """The first pepper, on which a key hangs, and which is not in use any more."""
    made_at = NOW - timedelta(days=30)
    key()
    rotation.rotate_pepper(made_at)
    webhook_secrets.rotate("bea", made_at, timedelta())
    return "first"


def user() -> str:
    users.create("bea", Role.PUBLISHER, names({"1"}), NOW)
    return "bea"


def running() -> str:
    """A user with a batch that is not finished."""
    made("b1", user=user())
    return "bea"


def disabled() -> str:
    users.disable(user(), NOW)
    return "bea"


def stranger() -> str:
    made("b1", account="2000001")
    return held()[0]


def paused() -> list[str]:
    newest.pause(NOW)
    return []


CASES: dict[str, Case] = {
    "keys create": (lambda: ["--user", "ana"], [Action.USER_MAKE, Action.KEY_MAKE]),
    "keys revoke": (lambda: [key()], [Action.KEY_REVOKE]),
    "keys rotate": (lambda: [key()], [Action.KEY_MAKE, Action.KEY_ROTATE]),
    "users create": (lambda: ["ana"], [Action.USER_MAKE]),
    "users role": (lambda: [user(), "admin"], [Action.USER_CHANGE]),
    "users accounts": (lambda: [user(), "1,2"], [Action.USER_CHANGE]),
    "users disable": (lambda: [user()], [Action.USER_DISABLE]),
    "users link": (lambda: [user()], [Action.PASSWORD_LINK]),
    "signin": (key_alone, [Action.SIGNIN_ISSUE]),
    "users enable": (lambda: [disabled()], [Action.USER_ENABLE]),
    "pause-all": (list, [Action.SERVICE_PAUSE]),
    "resume-all": (paused, [Action.SERVICE_RESUME]),
    "secrets rotate pepper": (key_alone, [Action.SECRET_ROTATE]),
    "secrets rotate webhook": (lambda: ["--user", owner()], [Action.SECRET_ROTATE]),
    "secrets retire": (lambda: [rotated(), "--revoke-keys"], [Action.SECRET_RETIRE]),
    "secrets seal": (key_alone, [Action.SECRET_SEAL]),
    "recover": (
        lambda: ["--account", "2000001", "--ours", stranger()],
        [Action.LANE_RECOVER],
    ),
}
OTHER_WAYS: dict[str, Case] = {
    "recover (here)": (lambda: ["--here"], [Action.SERVICE_ADOPT]),
    "users disable (cancel)": (
        lambda: [running(), "--cancel-batches"],
        [Action.BATCH_CANCEL, Action.USER_DISABLE],
    ),
    "users accounts (none)": (lambda: [user(), "--none"], [Action.USER_CHANGE]),
    "users accounts (all)": (lambda: [user(), "--all-accounts"], [Action.USER_CHANGE]),
}
EVERY = {**CASES, **OTHER_WAYS}
each_command = pytest.mark.parametrize("words", EVERY)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database that this process is bound to, and the commands as well."""
    url = new_sqlite(tmp_path / "storyclip.db")
    database.connect(url)
    pepper._known = None
    yield url
    sealing.use(tuple)
    database.disconnect()


def typed(url: str, words: str) -> Callable[[], Told]:
    """Prepare a command; what it returns types it."""
    command = words.partition(" (")[0].split()
    arguments = [*command, *EVERY[words][0]()]
    secret = {"STORYCLIP_SECRET": SECRET} if words == "secrets seal" else {}
    return lambda: told_by(*arguments, DATABASE_URL=url, **secret)


def leaves(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def done_since(number: int) -> list[Act]:
    return list(acts.newest(Wanted(after=number), 100)[::-1])


def newest_number() -> int:
    return max((act.id for act in acts.newest(Wanted(), 1)), default=0)


def test_every_command_has_its_case_here():
    assert set(leaves(main)) - set(NO_ACTS) == set(CASES)


@each_command
def test_what_it_does_and_who_did_it_are_one_transaction(url: str, words: str):
    do, before = typed(url, words), newest_number()

    with watching() as watched:
        told = do()

    assert told.returncode == 0, told.stderr
    assert watched.acts
    assert watched.unaccounted == []
    done = done_since(before)
    assert [act.action for act in done] == EVERY[words][1]
    me = pwd.getpwuid(os.getuid()).pw_name
    assert {(act.by.via, act.by.user_id) for act in done} == {(Via.COMMAND, me)}
    assert all(act.by.address for act in done)


@each_command
def test_what_cannot_be_written_down_is_not_done(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    do = typed(url, words)
    before = everything()
    monkeypatch.setattr(acts, "write", full)

    told = do()

    assert told.returncode == 1
    assert everything() == before


@each_command
def test_an_act_without_its_row_would_be_noticed(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    do = typed(url, words)
    monkeypatch.setattr(acts, "write", lambda *_, **__: None)

    with watching() as watched:
        do()

    assert watched.unaccounted


def test_who_begins_with_an_empty_database_is_in_it(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/own/storyclip.db"

    told = told_by("recover", "--anew", DATABASE_URL=url)

    assert told.returncode == 0, told.stderr
    database.connect(url)
    begun = acts.newest(Wanted(), 10)
    database.disconnect()
    assert [(act.action, act.by.via) for act in begun] == [(Action.SERVICE_BEGIN, Via.COMMAND)]


def test_a_command_that_changes_nothing_is_no_act(url: str):
    before = newest_number()

    assert told_by("keys", "revoke", "nobody", DATABASE_URL=url).returncode == 1
    assert told_by("users", "disable", "nobody", DATABASE_URL=url).returncode == 1

    assert done_since(before) == []


def full(*_: Any, **__: Any) -> None:
    raise StoreUnavailable("the disk is full")
