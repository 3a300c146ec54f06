"""What somebody did is written with it or not at all, and stays as it is."""

from __future__ import annotations

from datetime import datetime, timedelta

import peewee
import pytest

from storyclip.domain.act import SERVICE, Action, Actor, Via
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import acts
from storyclip.store.acts import Wanted
from storyclip.store.database import run, writing
from storyclip.store.instants import to_text
from tests.store.making import T0, rows, sql

ANA = Actor(Via.PAGE, "ana", "k1", "0123456789abcdef", "192.0.2.7")
ALL = Wanted()


def written(action: Action, subject: str, minutes: float = 0, by: Actor = ANA) -> None:
    with writing():
        acts.write(action, subject, T0 + timedelta(minutes=minutes), by=by)


def pause_and_fail() -> None:
    with writing():
        acts.write(Action.BATCH_PAUSE, "b1", T0)
        raise KeyError


def forget_too_much(before: datetime) -> None:
    with writing():
        run("INSERT INTO audit_retention (id, before_at) VALUES (1, ?)", (to_text(before),))
        run("DELETE FROM audit")


def subjects(wanted: Wanted, limit: int = 100) -> list[str]:
    return [act.subject for act in acts.newest(wanted, limit)]


@pytest.fixture(autouse=True)
def nobody():
    yield
    acts.acts_as(SERVICE)


def test_an_act_is_kept_with_who_did_it_and_from_where(store: str):
    acts.acts_as(ANA)

    with writing():
        acts.write(Action.BATCH_PAUSE, "b1", T0)

    (act,) = acts.newest(ALL, 10)
    assert (act.at, act.action, act.subject, act.outcome) == (T0, "batch.pause", "b1", "done")
    assert act.by == Actor(Via.PAGE, "ana", "k1", "0123456789ab", "192.0.2.7")


def test_an_act_without_a_transaction_is_refused(store: str):
    with pytest.raises(RuntimeError, match="apart from what it did"):
        acts.write(Action.BATCH_PAUSE, "b1", T0)


def test_what_is_undone_was_never_written(store: str):
    with pytest.raises(KeyError):
        pause_and_fail()

    assert acts.newest(ALL, 10) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET user_id = 'bea'",
        "UPDATE audit SET id = id + 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE subject = 'b1'",
    ],
)
def test_nobody_changes_or_deletes_a_row(store: str, change: str):
    written(Action.BATCH_PAUSE, "b1")
    before = rows("SELECT * FROM audit")

    with pytest.raises((StoreUnavailable, peewee.DatabaseError), match="only added to"):
        sql(change)

    assert rows("SELECT * FROM audit") == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nor_replaces_one(store: str):
    written(Action.BATCH_PAUSE, "b1")
    again = "INSERT OR REPLACE INTO audit SELECT id, at, via, 'bea', key_id, session_id, address,"
    again += " action, subject, detail, outcome, times FROM audit"

    with pytest.raises((StoreUnavailable, peewee.DatabaseError), match="only added to"):
        sql(again)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_nor_all_of_them_at_once(store: str):
    written(Action.BATCH_PAUSE, "b1")

    with pytest.raises((StoreUnavailable, peewee.DatabaseError), match="only added to"):
        sql("TRUNCATE audit")


def test_what_was_kept_long_enough_goes_and_that_is_written(store: str, monkeypatch):
    monkeypatch.setattr(acts, "PORTION", 2)
    for minute in range(5):
        written(Action.BATCH_PAUSE, f"b{minute}", minute)

    gone = acts.forget(T0 + timedelta(minutes=3), T0 + timedelta(hours=1))

    assert gone == 3
    newest = acts.newest(ALL, 10)
    assert [act.subject for act in newest if act.action == Action.BATCH_PAUSE] == ["b4", "b3"]
    told = [act for act in newest if act.action == Action.AUDIT_FORGET]
    assert sum(act.times for act in told) == 3
    assert {act.by for act in told} == {SERVICE}


def test_what_is_to_be_kept_stays_also_while_older_is_forgotten(store: str):
    written(Action.BATCH_PAUSE, "old", 0)
    written(Action.BATCH_PAUSE, "new", 9)

    with pytest.raises((StoreUnavailable, peewee.DatabaseError), match="only added"):
        forget_too_much(T0 + timedelta(minutes=5))

    assert subjects(ALL) == ["new", "old"]


def test_nothing_that_is_old_enough_is_no_act(store: str):
    written(Action.BATCH_PAUSE, "b1")

    assert acts.forget(T0, T0) == 0
    assert subjects(ALL) == ["b1"]


def test_acts_are_found_by_who_what_and_when(store: str):
    written(Action.KEY_MAKE, "k1", 0)
    written(Action.BATCH_PAUSE, "b1", 1, by=Actor(Via.API, "bea"))
    written(Action.BATCH_CANCEL, "b2", 2)
    written(Action.ENTRY, "POST /x", 3, by=Actor(Via.API))

    assert subjects(Wanted(user_id="ana")) == ["b2", "k1"]
    assert subjects(Wanted(action="batch")) == ["b2", "b1"]
    assert subjects(Wanted(action="batch.pause")) == ["b1"]
    assert subjects(Wanted(action="bat")) == []
    assert subjects(Wanted(since=T0 + timedelta(minutes=2))) == ["POST /x", "b2"]


def test_acts_are_shown_page_by_page(store: str):
    for minute in range(5):
        written(Action.BATCH_PAUSE, f"b{minute}", minute)

    first = acts.newest(ALL, 2)
    second = acts.newest(Wanted(before=first[-1].id), 2)

    assert [act.subject for act in (*first, *second)] == ["b4", "b3", "b2", "b1"]
    assert subjects(Wanted(after=second[0].id)) == ["b4", "b3"]
