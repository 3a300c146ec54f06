"""The spool: bytes get their hash as a name, one writer each, and nothing known is swept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from storyclip.domain.file_errors import FileInHand
from storyclip.domain.upload_errors import FileChanged
from storyclip.spool.local import Known, Spool

BYTES = b"bytes of a film"
NAME = hashlib.sha256(BYTES).hexdigest()
NEVER = float("inf")  # everything was written before then


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "media")
    spool.prepare()
    return spool


def arrive(spool: Spool, file_id: str = "one", data: bytes = BYTES) -> None:
    with spool.arriving_of(file_id) as arriving:
        arriving.write(data)
        arriving.sync()


def made(spool: Spool, data: bytes = BYTES) -> str:
    path = spool.making("x.mp4")
    path.write_bytes(data)
    return spool.keep(path)


def knowing(arriving: set[str] | None = None, whole: set[str] | None = None) -> Known:
    return Known(arriving or set(), whole or set())


def test_what_is_written_behind_the_place_to_go_on_from_is_forgotten(spool):
    arrive(spool, data=BYTES + b" and more")

    with spool.arriving_of("one") as arriving:
        arriving.go_on_at(len(BYTES))

        assert arriving.end == len(BYTES)
        assert arriving.sha256() == NAME


def test_nobody_goes_on_from_where_nothing_is(spool):
    with spool.arriving_of("one") as arriving, pytest.raises(FileChanged):
        arriving.go_on_at(1)


def test_a_file_has_one_writer_at_a_time(spool):
    with spool.arriving_of("one"), pytest.raises(FileInHand), spool.arriving_of("one"):
        pass
    with spool.arriving_of("one"), spool.arriving_of("another"):
        pass


def test_what_is_named_twice_is_named_once(spool):
    arrive(spool)
    spool.name("one", NAME)
    spool.name("one", NAME)

    assert spool.path(NAME).read_bytes() == BYTES


def test_an_empty_file_never_takes_the_name_of_a_whole_one(spool):
    arrive(spool)
    spool.name("one", NAME)
    arrive(spool, data=b"")
    spool.name("one", NAME)

    assert spool.path(NAME).read_bytes() == BYTES


def test_what_was_only_opened_never_takes_the_name_of_bytes_that_were_lost(spool):
    arrive(spool)
    spool.name("one", NAME)
    with spool.arriving_of("one"):  # the last request once more
        pass
    assert not spool.has_lost(NAME, "one")
    spool.path(NAME).unlink()

    assert spool.has_lost(NAME, "one")
    with pytest.raises(FileChanged):
        spool.name("one", NAME)
    assert not spool.path(NAME).exists()

    nothing = hashlib.sha256().hexdigest()
    arrive(spool, "empty", b"")
    spool.name("empty", nothing)
    assert spool.path(nothing).read_bytes() == b""


def test_what_is_not_there_gets_no_name(spool):
    with pytest.raises(FileChanged):
        spool.name("one", NAME)
    with pytest.raises(FileChanged):
        spool.keep(spool.making("nothing"))
    with pytest.raises(FileChanged), spool.open(NAME):
        pass


def test_what_no_row_knows_is_swept_and_all_else_stays(spool):
    arrive(spool, "known")
    arrive(spool, "unknown")
    name, other = made(spool), made(spool, b"else")
    (spool.making("x.mp4.abc.part")).write_bytes(b"half")

    gone = spool.sweep(lambda: knowing({"known"}, {name}), NEVER)

    assert gone == 3
    assert spool.path(name).exists()
    assert not spool.path(other).exists()
    assert not spool.making("x.mp4.abc.part").exists()
    with spool.arriving_of("known") as arriving:
        arriving.go_on_at(len(BYTES))


def test_what_gets_its_name_during_a_sweep_is_no_failure_of_it(spool):
    name = made(spool)
    spool.making("x.mp4.abc.part").symlink_to("x.mp4")  # listed, and gone when it is looked at

    assert spool.sweep(knowing, NEVER) == 1
    assert not spool.path(name).exists()


def test_what_is_young_is_not_swept_for_its_row_follows(spool):
    name = made(spool)
    written_at = spool.path(name).stat().st_mtime

    assert spool.sweep(knowing, written_at - 1) == 0
    assert spool.sweep(knowing, written_at + 1) == 1


def test_what_is_kept_again_is_young_again(spool):
    name = made(spool)
    os.utime(spool.path(name), (1000, 1000))
    made(spool)

    assert spool.sweep(knowing, 2000) == 0


def test_a_file_that_begins_to_arrive_during_a_sweep_is_not_swept(spool):
    def meanwhile() -> Known:
        arrive(spool, "new")  # its row was not there when the rows were read
        return knowing()

    spool.sweep(meanwhile, NEVER)

    with spool.arriving_of("new") as arriving:
        arriving.go_on_at(len(BYTES))


def test_all_of_it_is_counted_and_for_its_owner_alone(spool, tmp_path):
    arrive(spool)
    made(spool, b"123")

    assert spool.used_bytes() == len(BYTES) + 3
    assert spool.free_bytes() > 0
    assert [oct(path.stat().st_mode & 0o77) for path in (tmp_path / "media").iterdir()
            if path.is_dir()] == ["0o0"] * 3  # fmt: skip
