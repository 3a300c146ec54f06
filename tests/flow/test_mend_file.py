"""What becomes of a file that has arrived, step by step; each written, each done again if lost."""

from __future__ import annotations

import errno
import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.user_file import FileState, Trouble, UserFile
from storyclip.flow import disk_room, mend_file, take_in, taking
from storyclip.flow.mend_file import work_on
from storyclip.media import mend, probing
from storyclip.media.errors import NoRoom, ToolBroken, WorkLost
from storyclip.spool.local import Spool
from storyclip.store.database import reading, run, writing
from storyclip.store.files import files, pieces
from storyclip.store.instants import to_text
from storyclip.store.service.figures import figures
from tests.media.films import fitting
from tests.store.making import T0

EVERY = list(FileState)


@pytest.fixture
def spool(store: str, tmp_path: Path) -> Spool:  # the rows
    spool = Spool(tmp_path / "media")
    spool.prepare()
    return spool


def now() -> datetime:
    return T0


def still() -> float:
    return 0.0


def taken_in(spool: Spool, data: bytes, name: str = "a.mp4", **options: object) -> str:
    file = files.begin("ana", name, len(data), options, T0)
    take_in.receive(file.id, 0, iter([data]), None, spool, now, lambda: 0.0)
    return file.id


def picture(tmp_path: Path, colour: str = "teal") -> bytes:
    path = tmp_path / "a.png"
    Image.new("RGB", (540, 960), colour).save(path)
    return path.read_bytes()


def worked(file_id: str, spool: Spool, turns: int = 2) -> UserFile:
    for _ in range(turns):
        work_on(file_id, "worker-a", now, still, spool)
    return files.find(file_id)


def test_a_film_that_fits_is_its_own_piece(spool):
    data = fitting().read_bytes()
    file_id = taken_in(spool, data)

    file = worked(file_id, spool, turns=1)

    assert file.state is FileState.READY
    (piece,) = pieces.of_file(file_id)
    assert piece.sha256 == hashlib.sha256(data).hexdigest()
    assert file.poster is not None
    assert file.strip is not None


def test_a_picture_is_looked_into_at_one_turn_and_made_at_the_next(spool, tmp_path):
    file_id = taken_in(spool, picture(tmp_path), "a.png")

    first = worked(file_id, spool, turns=1)
    assert first.state is FileState.PREPARING
    assert files.due([FileState.PREPARING], T0, 9) == [file_id]

    assert worked(file_id, spool, turns=1).state is FileState.READY
    (piece,) = pieces.of_file(file_id)
    assert (piece.measured.content_type, piece.length_s) == ("image/jpeg", None)
    assert files.due(EVERY, T0 + timedelta(days=1), 9) == []


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"no film at all", "not_media")])
def test_what_is_no_film_is_refused_and_said(spool, data, code):
    file = worked(taken_in(spool, data), spool)

    assert file.state is FileState.REFUSED
    assert [problem["code"] for problem in file.problems or ()] == [code]


def test_what_is_to_be_mended_and_may_not_be_is_refused(spool, tmp_path):
    file = worked(taken_in(spool, picture(tmp_path), "a.png", prepare=False), spool)

    assert file.state is FileState.REFUSED
    assert file.problems


def test_work_that_was_lost_is_done_again_a_little_later(spool, tmp_path, monkeypatch):
    file_id = taken_in(spool, picture(tmp_path), "a.png")

    def lost(*_: object) -> None:
        raise WorkLost("the machine is busy")

    with monkeypatch.context() as patch:
        patch.setattr(probing, "probe", lost)
        assert worked(file_id, spool, turns=1).state is FileState.CHECKING

    assert files.due(EVERY, T0, 9) == []
    assert files.due(EVERY, T0 + mend_file.AGAIN, 9) == [file_id]


@pytest.mark.parametrize(
    ("lost", "code"), [(WorkLost("killed"), "given_up"), (NoRoom("no room"), None)]
)
def test_who_is_to_blame_is_not_tried_for_ever_and_a_full_disk_blames_nobody(
    spool, tmp_path, monkeypatch, lost, code
):
    file_id = taken_in(spool, picture(tmp_path), "a.png")

    def fails(*_: object) -> None:
        raise lost

    monkeypatch.setattr(probing, "probe", fails)
    for _ in range(9):
        with writing():
            run("UPDATE files SET next_at = ? WHERE next_at IS NOT NULL", (to_text(T0),))
        file = worked(file_id, spool, turns=1)

    assert [one["code"] for one in file.problems or ()] == ([code] if code else [])
    assert file.state is (FileState.REFUSED if code else FileState.CHECKING)
    assert (files.due(EVERY, T0 + timedelta(days=1), 9) == []) is bool(code)


@pytest.mark.parametrize(
    ("lost", "trouble"),
    [
        (NoRoom("no room"), Trouble.NO_ROOM),
        (OSError(errno.ENOSPC, "full"), Trouble.NO_ROOM),
        (OSError(errno.EIO, "gone"), Trouble.SPOOL_GONE),
        (ToolBroken("no ffmpeg"), Trouble.TOOL_BROKEN),
        (WorkLost("killed"), None),
    ],
)
def test_what_of_this_machine_keeps_a_file_waiting_is_said_until_it_is_over(
    spool, tmp_path, monkeypatch, lost, trouble
):
    file_id = taken_in(spool, picture(tmp_path), "a.png")

    def fails(*_: object) -> None:
        raise lost

    with monkeypatch.context() as patch, suppress(ToolBroken):
        patch.setattr(probing, "probe", fails)
        work_on(file_id, "worker-a", now, still, spool)
    waiting, told = files.find(file_id), figures().incidents
    work_on(file_id, "worker-a", lambda: T0 + mend_file.AGAIN, still, spool)

    assert (waiting.state, waiting.trouble) == (FileState.CHECKING, trouble)
    assert told == ({mend_file.BROKEN: 1} if isinstance(lost, ToolBroken) else {})
    assert (files.find(file_id).trouble, figures().incidents) == (None, {})


def test_a_broken_tool_is_told_for_as_long_as_a_file_waits_for_it(spool, tmp_path, monkeypatch):
    held, other = (taken_in(spool, picture(tmp_path), name) for name in ("a.png", "b.png"))

    def fails(*_: object) -> None:
        raise ToolBroken("no ffmpeg")

    with monkeypatch.context() as patch, suppress(ToolBroken):
        patch.setattr(probing, "probe", fails)
        work_on(held, "worker-a", now, still, spool)
    work_on(other, "worker-b", now, still, spool)  # on another machine, which has one

    assert figures().incidents == {mend_file.BROKEN: 1}
    with writing():
        run("UPDATE files SET marked_at = ? WHERE id = ?", (to_text(T0), held))
    work_on(other, "worker-b", now, still, spool)
    assert figures().incidents == {}


def test_a_mistake_of_ours_over_a_file_is_told_and_not_made_for_ever(spool, tmp_path, monkeypatch):
    file_id = taken_in(spool, picture(tmp_path), "a.png")

    def mistaken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(probing, "probe", mistaken)
    for _ in range(mend_file.MOST_LOSSES):
        with writing():
            run("UPDATE files SET next_at = ?", (to_text(T0),))
        with pytest.raises(ZeroDivisionError):
            worked(file_id, spool, turns=1)

    file = files.find(file_id)
    assert [one["code"] for one in file.problems or ()] == ["given_up"]


def test_a_database_that_was_away_for_a_moment_counts_against_no_file(spool, tmp_path, monkeypatch):
    file_id = taken_in(spool, picture(tmp_path), "a.png")

    def away(*_: object) -> None:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(probing, "probe", away)
    with pytest.raises(StoreUnavailable):
        worked(file_id, spool, turns=1)

    assert not files.find(file_id).losses


def test_what_is_made_leaves_the_databases_their_room(spool, tmp_path, monkeypatch):
    file_id = taken_in(spool, picture(tmp_path), "a.png")
    worked(file_id, spool, turns=1)

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "free_bytes", lambda _: disk_room.DISK_KEPT_BYTES + 99_999_999)
        assert worked(file_id, spool, turns=1).state is FileState.PREPARING
    assert (pieces.of_file(file_id), files.find(file_id).losses) == ([], 0)

    later = T0 + mend_file.AGAIN
    work_on(file_id, "worker-a", lambda: later, still, spool)
    assert files.find(file_id).state is FileState.READY


@pytest.mark.parametrize(
    "change",
    ["worker = 'worker-b'", f"marked_at = '{to_text(T0)}'"],
    ids=["taken for dead", "the file was removed"],
)
def test_who_works_on_what_is_not_theirs_any_more_writes_nothing(
    spool, tmp_path, monkeypatch, change
):
    file_id = taken_in(spool, picture(tmp_path), "a.png")
    probe = probing.probe

    def slow(path: Path, name: str | None = None) -> object:
        with writing():
            run(f"UPDATE files SET {change}")
        return probe(path, name)

    monkeypatch.setattr(probing, "probe", slow)
    work_on(file_id, "worker-a", now, still, spool)

    with reading():
        assert run("SELECT state, facts FROM files").fetchall() == [("checking", None)]


def test_pieces_that_are_there_are_not_made_again(spool, tmp_path, monkeypatch):
    file_id = taken_in(spool, picture(tmp_path), "a.png")
    worked(file_id, spool)
    with writing():
        run("UPDATE files SET state = 'preparing', next_at = ?", (to_text(T0),))
    monkeypatch.setattr(mend, "mend", None)

    assert worked(file_id, spool, turns=1).state is FileState.READY


def test_a_file_whose_bytes_are_gone_is_refused_and_said(spool, tmp_path):
    data = picture(tmp_path)
    file_id = taken_in(spool, data, "a.png")
    spool.path(hashlib.sha256(data).hexdigest()).unlink()

    file = worked(file_id, spool, turns=1)

    assert file.state is FileState.REFUSED
    assert [problem["code"] for problem in file.problems or []] == ["gone"]


def test_who_brings_lost_bytes_again_has_them_made_anew(spool, tmp_path):
    data = picture(tmp_path)
    lost_id = taken_in(spool, data, "a.png")
    worked(lost_id, spool)
    for path in (spool.path("x").parent).iterdir():
        path.unlink()

    announced = take_in.Announced("a.png", len(data), {}, hashlib.sha256(data).hexdigest())
    room = take_in.Room(of_one=10**9, of_all=10**15, of_user=10**15)
    again = take_in.begin("ana", announced, T0, spool, room)
    take_in.receive(again.id, 0, iter([data]), None, spool, now, still)

    assert files.find(lost_id).state is FileState.REFUSED
    assert again.id != lost_id
    assert worked(again.id, spool).state is FileState.READY
    (piece,) = pieces.of_file(again.id)
    assert spool.path(piece.name).exists()


def test_what_arrived_and_was_not_named_is_named_by_the_next(spool, tmp_path, monkeypatch):
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    data = picture(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "name", dies)
        with pytest.raises(KeyboardInterrupt):
            taken_in(spool, data, "a.png")
    with writing():
        ((file_id,),) = run("SELECT id FROM files").fetchall()
    assert files.due(EVERY, T0, 9) == []
    later = T0 + taking.NAMED_WITHIN

    work_on(file_id, "worker-a", lambda: later, still, spool)
    assert files.find(file_id).state is FileState.CHECKING
    assert spool.path(hashlib.sha256(data).hexdigest()).read_bytes() == data


def test_bytes_that_were_lost_before_they_were_looked_into_are_not_taken_for_nothing(
    spool, tmp_path, monkeypatch
):
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    data = picture(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(files, "arrived", dies)
        with pytest.raises(KeyboardInterrupt):
            taken_in(spool, data, "a.png")
    with writing():
        ((file_id,),) = run("SELECT id FROM files").fetchall()
    named = spool.path(hashlib.sha256(data).hexdigest())
    named.unlink()
    take_in.receive(file_id, len(data), iter([]), None, spool, now, still)  # the client tries again

    work_on(file_id, "worker-a", lambda: T0 + taking.NAMED_WITHIN, still, spool)

    file = files.find(file_id)
    assert file.state is FileState.REFUSED
    assert [problem["code"] for problem in file.problems or []] == ["gone"]
    assert not named.exists()  # or who brings them again would be given nothing
