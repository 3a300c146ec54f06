"""Files go when nobody needs them any more: after a day, and never while a batch may send them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from storyclip.domain.batch import OnFailure
from storyclip.domain.errors import NotFound, RequestInvalid
from storyclip.domain.network import Network
from storyclip.domain.user_file import FileState
from storyclip.flow.accept import accept
from storyclip.flow.sweep_files import Sweep, sweep
from storyclip.spool.local import Spool
from storyclip.store.database import run, writing
from storyclip.store.files import files, sweeping, uses
from storyclip.store.instants import to_text
from storyclip.store.publishing import wishes
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from storyclip.store.service.place import place_of_this
from storyclip.tasks.media_inheritance import Inheritance
from tests.people import known, of
from tests.store.making import T0

HOUR = timedelta(hours=1)
ALL = timedelta(minutes=-1)  # nothing is too young


@pytest.fixture
def spool(store: str, tmp_path: Path) -> Spool:  # the rows
    spool = Spool(tmp_path / "media")
    spool.prepare()
    return spool


def a_file(spool: Spool, state: str = "ready", data: bytes = b"x") -> str:
    known("ana", T0)
    file = files.begin("ana", "a.mp4", len(data), {}, T0)
    if state == "receiving":
        with spool.arriving_of(file.id) as arriving:
            arriving.write(data)
        return file.id
    made = spool.making("a.mp4")
    made.write_bytes(data)
    with writing():
        run(
            "UPDATE files SET state = ?, sha256 = ? WHERE id = ?",
            (state, spool.keep(made), file.id),
        )
    return file.id


def publish(file_id: str, name: str = "b1") -> None:
    new = NewBatch(
        name,
        None,
        known("ana", T0),
        None,
        "2000001",
        Network.FACEBOOK,
        OnFailure.CONTINUE,
        0.0,
        (NewClip("c", f"file:{file_id}#1", ""),),
    )
    accept(new, T0)


def left(spool: Spool, at: timedelta) -> int:
    """How many files are left when it is swept then."""
    sweep(T0 + at, spool, ALL + at * 2)  # the files' own times are of today
    return sum(1 for path in spool.path("x").parents[1].glob("*/*") if path.is_file())


@pytest.mark.parametrize("state", ["ready", "receiving", "refused", "preparing"])
def test_a_file_that_nobody_needs_is_kept_for_a_day(spool, state):
    file_id = a_file(spool, state)

    assert left(spool, 23 * HOUR) == 1
    assert left(spool, 25 * HOUR) == 0
    with pytest.raises(NotFound):
        files.find(file_id)
    with writing():
        assert run("SELECT COUNT(*) FROM files").fetchone()[0] == 0


def test_a_file_stays_for_as_long_as_a_batch_may_send_it_and_a_day_more(spool):
    file_id = a_file(spool)
    publish(file_id)

    assert left(spool, 30 * 24 * HOUR) == 1

    wishes.cancel("b1", of("ana"), T0)
    with writing():
        run("UPDATE publish_batches SET completed_at = ?", (to_text(T0 + 30 * HOUR),))
    assert left(spool, 53 * HOUR) == 1
    assert left(spool, 55 * HOUR) == 0


def test_no_batch_is_made_of_a_file_that_is_over(spool):
    file_id = a_file(spool)
    sweeping.mark_over(T0 + 25 * HOUR)

    with pytest.raises(RequestInvalid):
        publish(file_id)

    with writing():
        assert run("SELECT COUNT(*) FROM publish_batches").fetchone()[0] == 0


def test_who_dies_between_the_mark_and_the_end_leaves_what_the_next_sweep_removes(
    spool, monkeypatch
):
    a_file(spool)
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "sweep", _dies)
        with pytest.raises(KeyboardInterrupt):
            sweep(T0 + 25 * HOUR, spool)

    assert left(spool, 26 * HOUR) == 0


def test_transfers_of_clips_that_ended_go(spool):
    publish(a_file(spool))
    with writing():
        (clip_id,) = run("SELECT id FROM publish_batch_clips").fetchone()
        run(
            "INSERT INTO transfers (clip_id, send, transfer) VALUES (?, 0, '{}'), (0, 0, '{}')",
            (clip_id,),
        )

    sweeping.mark_over(T0 + HOUR)

    with writing():
        assert run("SELECT clip_id FROM transfers").fetchall() == [(clip_id,)]


def test_it_sweeps_at_the_start_hourly_and_soon_after_somebody_forgot_a_file(spool):
    at, seconds = T0 + 25 * HOUR, [0.0]
    chore = Sweep(spool, lambda: at, lambda: seconds[0])
    a_file(spool)
    chore.look()
    assert rows() == 0

    file = files.find(a_file(spool))
    seconds[0] = 40.0
    chore.look()
    assert rows() == 1
    uses.remove(file, T0)
    seconds[0] = 80.0
    chore.look()
    assert rows() == 0

    a_file(spool)
    seconds[0] = 3700.0
    chore.look()
    assert rows() == 0


@pytest.mark.parametrize(
    "change",
    ["place = 'there'", "place = 'there', elsewhere = 'there'"],
    ids=["that nobody has noticed yet", "that is known to be one"],
)
def test_a_copy_of_the_database_removes_nothing_of_its_originals_files(spool, change):
    a_file(spool, "receiving")  # of the original, after it was copied
    with writing():
        run("DELETE FROM files")
        run(f"UPDATE service SET {change}")
    seconds = [0.0]
    chore = Sweep(spool, lambda: T0, lambda: seconds[0])
    chore.look()
    assert arriving(spool) == 1

    with writing():  # `storyclip recover --here`
        run("UPDATE service SET place = ?, elsewhere = NULL", (place_of_this(),))
    seconds[0] = 40.0
    chore.look()
    assert arriving(spool) == 0


@pytest.mark.parametrize(
    "living",
    [
        "media-here-1-b",
        "media-here-999999998-1-c",  # on hosts whose names only begin as ours does
        "media-here-blue-999999999-d",
    ],
)
def test_what_a_dead_process_had_in_hand_is_due_at_once_and_a_living_ones_is_not(spool, living):
    its, others = a_file(spool, "preparing"), a_file(spool, "preparing", b"y")
    with writing():
        run("UPDATE files SET next_at = ?", (to_text(T0),))
    files.take(its, "media-here-999999999-a", T0, T0 + HOUR)
    files.take(others, living, T0, T0 + HOUR)

    Inheritance("media-here-", lambda: T0).take()

    assert files.due([FileState.PREPARING], T0, 9) == [its]


def arriving(spool: Spool) -> int:
    return len(list((spool.path("x").parents[1] / "arriving").iterdir()))


def rows() -> int:
    with writing():
        return int(run("SELECT COUNT(*) FROM files").fetchone()[0])


def _dies(*_: object) -> int:
    raise KeyboardInterrupt
