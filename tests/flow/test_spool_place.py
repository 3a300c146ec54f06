"""A disk that is not mounted has lost nothing: its files wait, and a person is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from storyclip.domain.upload_errors import FileChanged
from storyclip.domain.user_file import FileState, Trouble
from storyclip.flow import mend_file, take_in
from storyclip.flow.mend_file import work_on
from storyclip.flow.spool_place import GONE, LOOK_EVERY_S, SpoolWatch, settle
from storyclip.flow.sweep_files import sweep
from storyclip.spool.local import Spool
from storyclip.spool.marked import MARK
from storyclip.store.files import files
from storyclip.store.service.figures import figures
from tests.store.making import T0

BYTES = b"bytes of a film"
NAME = hashlib.sha256(BYTES).hexdigest()


class Disk:
    """A folder whose disk can be taken out: an empty one stands in its place then."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._aside = folder, folder.with_name("aside")

    def spool(self) -> Spool:
        """The spool of a process that begins now."""
        spool = Spool(self.folder)
        settle(spool)
        return spool

    def take_out(self) -> None:
        self.folder.rename(self._aside)
        self.folder.mkdir()

    def put_back(self) -> None:
        self.folder.rmdir()
        self._aside.rename(self.folder)


@pytest.fixture
def disk(store: str, tmp_path: Path) -> Disk:
    return Disk(tmp_path / "media")


@pytest.fixture
def file_id(disk: Disk) -> str:
    """A file of which all is there, to be looked into."""
    file = files.begin("ana", "a.mp4", len(BYTES), {}, T0)
    taken = take_in.receive(file.id, 0, iter([BYTES]), None, disk.spool(), lambda: T0, lambda: 0.0)
    assert taken.state is FileState.CHECKING
    return file.id


@pytest.mark.parametrize("begins_meanwhile", [True, False])
def test_nothing_is_lost_made_or_swept_while_the_disk_is_out(disk, file_id, begins_meanwhile):
    before = disk.spool()
    disk.take_out()
    spool = disk.spool() if begins_meanwhile else before

    assert not spool.has_lost(NAME)
    for reach in (
        lambda: spool.at_hand(NAME),
        lambda: spool.making("a.mp4"),
        lambda: spool.free_bytes(),
        lambda: sweep(T0, spool),
        lambda: spool.open(NAME).__enter__(),
        lambda: spool.arriving_of(file_id).__enter__(),
    ):
        with pytest.raises(OSError, match="is its disk mounted"):
            reach()
    assert list(disk.folder.iterdir()) == []
    disk.put_back()
    assert spool.at_hand(NAME).read_bytes() == BYTES


def test_a_file_whose_disk_is_out_waits_and_says_so(disk, file_id):
    disk.take_out()

    work_on(file_id, "media", lambda: T0, lambda: 0.0, disk.spool())

    file = files.find(file_id)
    assert (file.state, file.trouble) == (FileState.CHECKING, Trouble.SPOOL_GONE)
    disk.put_back()
    work_on(file_id, "media", lambda: T0 + mend_file.AGAIN, lambda: 0.0, disk.spool())
    assert files.find(file_id).trouble is None


def test_a_person_is_told_for_as_long_as_it_is_out(disk, file_id):
    at = [0.0]
    watch = SpoolWatch(disk.spool(), lambda: T0, lambda: at[0])

    def told() -> int:
        at[0] += LOOK_EVERY_S
        watch.look()
        return figures().incidents.get(GONE, 0)

    assert told() == 0
    disk.take_out()
    assert told() == 1
    disk.put_back()
    assert told() == 0


def test_a_new_folder_is_taken_for_the_one_once_a_person_says_so(disk, file_id):
    disk.take_out()
    web, media = disk.spool(), disk.spool()

    (disk.folder / MARK).touch()
    settle(media)

    assert web.is_there()
    assert web.has_lost(NAME)
    with pytest.raises(FileChanged):
        web.at_hand(NAME)


def test_the_folder_of_an_older_release_is_taken_over_with_its_files(store, tmp_path):
    old = Spool(tmp_path / "media")
    old.prepare()
    made = old.making("x")
    made.write_bytes(BYTES)
    old.keep(made)

    spool = Disk(tmp_path / "media").spool()

    assert spool.is_there()
    assert spool.at_hand(NAME).read_bytes() == BYTES


def test_two_processes_that_begin_at_once_mean_one_folder(disk, monkeypatch):
    first, second = Spool(disk.folder), Spool(disk.folder)
    prepare = Spool.prepare

    def and_meanwhile_the_other(spool: Spool, mark: str | None = None) -> None:
        monkeypatch.setattr(Spool, "prepare", prepare)
        settle(second)
        prepare(spool, mark)

    monkeypatch.setattr(Spool, "prepare", and_meanwhile_the_other)
    settle(first)

    assert first.is_there()
    assert second.is_there()
