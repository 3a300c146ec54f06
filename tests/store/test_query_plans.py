"""The hot statements never walk through all batches or all clips ever published."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.fair_use import month_of
from storyclip.domain.network import Network
from storyclip.domain.reach import EVERYTHING
from storyclip.domain.story import Post, PostStatus
from storyclip.store import database
from storyclip.store.history import deliveries, streams
from storyclip.store.publishing import batches, clips, lanes, quota, sends
from storyclip.store.publishing import situation as situations
from storyclip.store.publishing.running import Caps, require_room
from storyclip.store.service import workers
from storyclip.store.service.figures import figures
from tests.people import of
from tests.store.making import T0, brought_to, made, published, reopened, rows, sql

# Of the two tables that grow for ever; peewee calls whatever it selects from t1, t2 …
NAMES = r"(publish_batches|publish_batch_clips|b|c|t\d+)"
PARTIAL = {
    "clips_due",
    "clips_to_come",
    "clips_in_hand",
    "batches_by_place",
    "batches_active",
    "batches_ended",
    "batches_by_end",
}
Statement = tuple[str, Sequence[Any]]


@pytest.fixture
def clip(tmp_path: Path) -> Iterator[Clip]:
    """A clip that is due, on SQLite, with batches that ended before it."""
    database.connect(f"sqlite:///{tmp_path}/storyclip.db")
    for n in range(3):
        published(made(f"ended{n}", 1)[0])
    yield made("running", 2)[0]
    database.disconnect()


def plans(monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any]) -> list[str]:
    """The lines of SQLite's plans for all statements that `call` executes."""
    ran: list[Statement] = []
    execute = database.database.obj.execute_sql

    def listening(sql: str, params: Sequence[Any] = ()) -> Any:
        ran.append((sql, params))
        return execute(sql, params)

    with monkeypatch.context() as patch:
        patch.setattr(database.database.obj, "execute_sql", listening)
        call()
    explained = [s for s in ran if s[0].startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
    assert explained
    return [
        _marked(str(line[3]), statement)
        for statement, values in explained
        for line in rows(f"EXPLAIN QUERY PLAN {statement}", *values)
    ]


def _marked(line: str, statement: str) -> str:
    """Call a search for NULL a walk, which it is in a column that nearly all rows leave empty.

    SQLite prefers it to any other index, and writes it like a search for one value.
    """
    sought = re.match(rf"SEARCH {NAMES} USING .*INDEX \w+ \((\w+)=\?\)$", line)
    if sought and re.search(rf"\b{sought[2]} IS NULL", statement):
        return line.replace("SEARCH", "SCAN", 1)
    return line


def walks(lines: list[str]) -> list[str]:
    """The lines that read a whole table, or a whole index that holds what has ended too."""
    return [
        line
        for line in lines
        if re.match(rf"SCAN {NAMES}\b", line)
        and not any(f" INDEX {index}" in line for index in PARTIAL)
    ]


def indexes(lines: list[str]) -> set[str]:
    return {name for line in lines for name in re.findall(r" INDEX (\w+)", line)}


def make_due() -> list[int]:
    return clips.make_due(T0.replace(hour=13), portion=50)


def head() -> Any:
    with database.reading():
        return lanes.head(1, T0)


def require_quota() -> None:
    with database.reading():
        quota.require(1, Network.INSTAGRAM, [T0], 50, T0)


def count_month() -> int:
    return quota.not_counted("2000001", month_of(T0), T0)


@pytest.mark.parametrize(
    ("call", "index"),
    [
        (require_quota, "clips_sent"),
        (require_quota, "clips_to_come"),
        (count_month, "clips_sent"),
        (count_month, "clips_in_hand"),
        (make_due, "clips_due"),
        (head, "batches_by_place"),
        (lambda: batches.active(of("ana")), "batches_active"),
        (lambda: lanes.active(T0), "batches_ended"),
        (lambda: reopened(T0), "batches_by_place"),
        (lambda: workers.bury(["w"], T0), "clips_in_hand"),
        (workers.beats, "clips_in_hand"),
        (figures, "batches_by_place"),
        (figures, "clips_due"),
        (lambda: deliveries.due(T0, 9, busy=["a.example"]), "deliveries_due"),
        (lambda: sends.watched(1, T0), "sends_by_date"),
        (lambda: batches.page(of("ana"), limit=9), "batches_of_user"),
        (lambda: batches.page(of("ana"), status=Status.FAILED, limit=9), "batches_by_status"),
        (lambda: batches.page(EVERYTHING, limit=9), "batches_newest"),
        (lambda: require_room("ana", 5, Caps(9, 99)), "batches_active"),
        (lambda: streams.running_within(of("ana")), "batches_active"),
        (lambda: streams.ended_after(of("ana"), T0, 9), "batches_by_end"),
    ],
    ids=[
        "quota sent",
        "quota to come",
        "month sent",
        "month in hand",
        "make_due",
        "head",
        "active",
        "lanes",
        "stalled",
        "bury",
        "beats",
        "running",
        "to do",
        "deliveries",
        "watched",
        "own page",
        "own page of a status",
        "any page",
        "room",
        "stream of all",
        "stream of what ended",
    ],
)
def test_it_is_found_by_its_index(clip, monkeypatch: pytest.MonkeyPatch, call, index: str):
    assert index in indexes(plans(monkeypatch, call))


@pytest.mark.parametrize(
    "call",
    [
        require_quota,
        count_month,
        make_due,
        head,
        lambda: batches.active(of("ana")),
        lambda: lanes.active(T0),
        lanes.in_doubt,
        lambda: reopened(T0),
        lambda: workers.bury(["w"], T0),
        lambda: sends.watched(1, T0),
        lambda: deliveries.due(T0, 9, busy=["a.example"]),
        lambda: batches.find("running", of("ana")),
        lambda: batches.find_whole("running", of("ana")),
        lambda: made("another", 2),
    ],
    ids=[
        "quota",
        "month",
        "make_due",
        "head",
        "active",
        "lanes",
        "in doubt",
        "stalled",
        "bury",
        "watched",
        "deliveries",
        "find",
        "find whole",
        "create",
    ],
)
def test_nothing_that_has_ended_is_walked_through_by(clip, monkeypatch, call):
    assert walks(plans(monkeypatch, call)) == []


def test_nothing_that_has_ended_is_walked_through_by_a_clips_whole_life(clip, monkeypatch):
    lines = plans(monkeypatch, lambda: published(clip))

    assert walks(lines) == []
    assert len(lines) > 20


def test_nothing_that_has_ended_is_walked_through_by_what_settling_asks(clip, monkeypatch):
    brought_to(State.VERIFYING, clip)

    posts = (Post("1", Network.FACEBOOK, (), None, PostStatus.PENDING, uuid="-1"),)

    lines = plans(monkeypatch, lambda: situations.held_by_others(clip, posts))

    assert {"clips_by_post", "clips_by_uuid"} <= indexes(lines)


@pytest.mark.parametrize(
    ("index", "call"),
    [("clips_due", make_due), ("clips_in_hand", lambda: workers.bury(["w"], T0))],
)
def test_a_lost_index_would_be_noticed(clip, monkeypatch: pytest.MonkeyPatch, index: str, call):
    sql(f"DROP INDEX {index}")

    assert walks(plans(monkeypatch, call))
