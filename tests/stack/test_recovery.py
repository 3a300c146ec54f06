"""`recover`, `pause-all` and `resume-all` as an operator types them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from config.settings import names
from storyclip.cli.main import main
from storyclip.store import database
from storyclip.store.service import newest
from storyclip.store.service.mark_file import MarkFile
from tests.people import key_for
from tests.stack.test_commands import storyclip
from tests.store.making import made
from tests.web.test_recover import held

Command = Callable[..., Result]
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    database.connect(database_url)

    def run(*words: str) -> Result:
        database.disconnect()  # the command has connections of its own
        return CliRunner().invoke(main, words)

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield run  # where the logs go is `python -m storyclip`'s, below
    structlog.reset_defaults()
    database.disconnect()


@pytest.fixture
def strange(command: Command) -> list[str]:
    """The names of two stories on a held account, whose batch has three clips."""
    made("b1", account="2000001")
    return held(count=2)


def test_where_nothing_waits_recover_says_so(command: Command):
    ran = command("recover")

    assert (ran.exit_code, ran.output) == (0, "No account waits for a word.\n")
    assert command("recover", "--json").stdout == "[]\n"


def test_recover_lists_the_stories_with_the_clip_that_each_would_be(command: Command, strange):
    table = command("recover").output
    [lane] = json.loads(command("recover", "--json").stdout)

    assert "Account 2000001, facebook: whose are these?" in table
    assert (lane["accountId"], lane["network"]) == ("2000001", "facebook")
    assert [one["name"] for one in lane["strangers"]] == strange
    assert [one["clip"]["index"] for one in lane["strangers"]] == [1, 2]


def test_a_list_is_only_data_on_stdout(command: Command, strange):
    del strange
    newest.pause(NOW)

    said = command("recover", "--json").stdout

    assert json.loads(said)


def test_what_is_ours_is_given_to_its_clips(command: Command, strange):
    first = command("recover", "--account", "2000001", "--ours", strange[0], "--json")
    rest = command("recover", "--account", "2000001", "--not-ours", "all", "--json")

    said = json.loads(first.stdout.splitlines()[0])  # the runner has sys.exit's words there too
    assert [one["index"] for one in said["adopted"]] == [1]
    assert [one["name"] for one in said["left"]] == strange[1:]
    assert first.exit_code == 1
    assert "1 left" in first.output
    assert (rest.exit_code, json.loads(rest.stdout)) == (0, {"adopted": [], "left": []})
    assert "The account goes on." in rest.stderr


def test_a_story_is_given_to_the_clip_that_is_said(command: Command, strange):
    first, second = strange

    ran = command(
        *("recover", "--account", "2000001", "--json"),
        *("--clip", f"{first}=b1/3", "--not-ours", "all"),
    )

    assert ran.exit_code == 0, second
    assert [one["index"] for one in json.loads(ran.stdout)["adopted"]] == [3]


@on_sqlite
def test_what_is_logged_meanwhile_is_no_data(command: Command, database_url: str, tmp_path: Path):
    del command
    _lose_the_file(tmp_path)

    ran = storyclip("recover", "--anew", "--json", DATABASE_URL=database_url)

    assert "rows_doubted" in ran.stderr
    assert json.loads(ran.stdout) == {"here": False, "anew": True}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--ours", "all"), 2, "need --account"),
        (("--clip", "a=b/1"), 2, "need --account"),
        (("--account", "2000001", "--clip", "a=b"), 2, "NAME=BATCH/N"),
        (("--account", "2000001", "--ours", "nobody"), 2, "No such story"),
        (
            ("--account", "2000001", "--ours", "all", "--not-ours", "all"),
            2,
            "Either --ours",
        ),
        (("--account", "2999999", "--ours", "all"), 1, "Nothing was changed"),
        (("--account", "2000001"), 1, "2 left"),
    ],
)
def test_recover_ends_with_1_when_something_is_left_and_2_when_misused(
    command: Command, strange, words, code, said
):
    del strange

    ran = command("recover", *words)

    assert (ran.exit_code, said in ran.output) == (code, True), ran.output


def test_everything_is_paused_and_goes_on_and_is_seen_to_be_so(command: Command):
    paused = command("pause-all", "--json")
    again = command("pause-all")
    seen = command("recover")
    resumed = command("resume-all", "--json")

    assert (paused.exit_code, json.loads(paused.stdout)) == (0, {"paused": True})
    assert (again.exit_code, again.output) == (0, "Everything is paused.\n")
    assert "storyclip resume-all" in seen.output
    assert (resumed.exit_code, json.loads(resumed.stdout)) == (0, {"paused": False})
    assert newest.find().paused_at is None


def test_a_copy_elsewhere_says_why_it_sends_nothing_and_goes_on_by_here(
    command: Command, monkeypatch: pytest.MonkeyPatch
):
    newest.live(NOW, None, is_boot=True)
    monkeypatch.setattr(newest, "place", lambda: "another place")
    newest.live(NOW, None, is_boot=True)

    why = command("recover")
    here = command("recover", "--here", "--json")
    newest.live(NOW, None, is_boot=True)

    assert "last used in another place" in why.output
    assert "storyclip recover --here" in why.output
    assert (here.exit_code, json.loads(here.stdout)) == (0, {"here": True, "anew": False})
    assert newest.find().may_act


@on_sqlite
@pytest.mark.parametrize("words", [("recover",), ("pause-all",), ("keys", "list"), ("migrate",)])
def test_a_missing_file_is_not_begun_anew_by_any_command(
    command: Command, tmp_path: Path, words: tuple[str, ...]
):
    _lose_the_file(tmp_path)

    ran = command(*words)

    assert ran.exit_code == 1
    assert "is missing, though there was one" in ran.output
    assert "storyclip recover --anew" in ran.output
    assert not (tmp_path / "storyclip.db").exists()


@on_sqlite
def test_a_database_is_begun_anew_on_purpose(command: Command, tmp_path: Path):
    _lose_the_file(tmp_path)

    ran = command("recover", "--anew", "--json")

    assert (ran.exit_code, json.loads(ran.stdout)) == (0, {"here": False, "anew": True})
    assert newest.find().lost_since is not None  # every account is looked at before it is used
    assert key_for("ana", {"read"}, at=NOW)


@on_sqlite
def test_anew_is_refused_where_there_is_a_database(command: Command):
    ran = command("recover", "--anew")

    assert ran.exit_code == 1
    assert "there is one" in ran.output


def _lose_the_file(folder: Path) -> None:
    mark = newest.live(NOW, None, is_boot=True)
    assert mark is not None
    MarkFile().leave("", mark)
    database.disconnect()
    for file in folder.glob("storyclip.db*"):
        if not file.name.endswith(".mark"):
            file.unlink()
