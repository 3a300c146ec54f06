"""A clip that is a file: its bytes are brought before its turn, and stopped when it is."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from storyclip.domain.batch import OnFailure
from storyclip.domain.errors import LostRace, NotFound
from storyclip.domain.media_care import NOT_BROUGHT, UNREAD
from storyclip.domain.network import Network
from storyclip.domain.upload import MeasuredFile
from storyclip.flow.accept import accept
from storyclip.flow.bring import bring
from storyclip.spool.local import Spool
from storyclip.store.database import run, writing
from storyclip.store.files import files, media_life, pieces, transfers
from storyclip.store.history.events import events_since
from storyclip.store.publishing import wishes
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from storyclip.upstream.measuring import measured
from tests.flow.acts import CANCELLED, FAILED, PENDING, PUBLISHED, lines, on_sqlite
from tests.flow.conftest import ACCOUNT, Stage
from tests.flow.test_retry import retry
from tests.people import known, of
from tests.restored.house import House, backup, put_back

pytestmark = on_sqlite

BYTES = b"the bytes of a film" * 20_000
NO_CLIP = 10_000
MARK = f"sha256:{hashlib.sha256(BYTES).hexdigest()}"


class Shelf:
    """The spool, with a hand that reaches in when the first block of a piece is read."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.when_read: Callable[[], object] = lambda: None
        self.at_block: Callable[[], object] = lambda: None

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self._spool.open(name) as file:
            self.when_read()
            yield cast(BinaryIO, Read(file, lambda: self.at_block()))


class Read:
    """A file that tells of each block that is read of it."""

    def __init__(self, file: BinaryIO, at_block: Callable[[], object]) -> None:
        self._file, self._at_block = file, at_block
        self.seek = file.seek

    def read(self, size: int) -> bytes:
        self._at_block()
        return self._file.read(size)


class Files:
    """The stage, and beside it the media process."""

    def __init__(self, stage: Stage, spool: Spool) -> None:
        self.stage, self.spool, self.shelf = stage, spool, Shelf(spool)
        ticks = count()
        # A second goes by with each look at this clock, so that each block is asked about
        self._engine = stage.engine_of("media", monotonic=lambda: float(next(ticks)))

    def a_file(self) -> str:
        """A file that is ready, of one piece."""
        at = self.stage.at
        file = files.begin("ana", "a.mp4", len(BYTES), {}, at)
        made = self.spool.making("a.mp4")
        made.write_bytes(BYTES)
        sha256 = self.spool.keep(made)
        with self.spool.open(sha256) as source:
            declared = measured(source, len(BYTES), "video/mp4", "mp4")
        with writing():
            ready = "UPDATE files SET state = 'ready', worker = 'media', sha256 = ? WHERE id = ?"
            run(ready, (sha256, file.id))
        pieces.put(file.id, "media", pieces.KeptPiece(1, sha256, sha256, 20.0, declared))
        return file.id

    def publish(self, *file_ids: str) -> None:
        clips = [NewClip(f"c{n}", f"file:{one}#1", "") for n, one in enumerate(file_ids)]
        new = NewBatch(
            batch_id="b1",
            job_id=None,
            user_id=known("ana", self.stage.at),
            key_id=None,
            account_id=ACCOUNT,
            network=Network.FACEBOOK,
            on_failure=OnFailure.CONTINUE,
            gap_s=0.0,
            clips=tuple(clips),
        )
        accept(new, self.stage.at)

    def bring(self) -> None:
        """Do once what is due of all transfers."""
        for clip_id in transfers.due(self.stage.at, 9):
            bring(clip_id, self._engine, self.stage.upstream.uploads, self.shelf)

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds / 5)):
            self.stage.pass_time(5)
            self.bring()


@pytest.fixture
def here(stage: Stage, tmp_path: Path) -> Files:
    spool = Spool(tmp_path / "media")
    spool.prepare()
    return Files(stage, spool)


def events_say(words: str) -> int:
    """How many events of the batch say just this."""
    return sum((event["clip"] or {}).get("error") == words for event in events_since("b1", 0))


def rows_of(table: str) -> list[Any]:
    with writing():
        return list(run(f"SELECT * FROM {table}").fetchall())


def test_two_clips_of_one_file_are_two_uploads_and_go_out_in_order(here):
    file_id = here.a_file()
    here.publish(file_id, file_id)

    here.live(300)

    assert here.stage.states() == [PUBLISHED] * 2
    assert here.stage.live() == [MARK] * 2
    assert len({line["media"] for line in lines(here.stage, "uploaded")}) == 2


def test_a_clip_whose_file_nobody_brings_says_so_until_somebody_does(here):
    here.publish(here.a_file())

    here.stage.pass_time(200)
    [left] = here.stage.clips()
    media_life.give_sign("media", here.stage.at)
    here.stage.pass_time(5)
    [back] = here.stage.clips()

    assert (left.state, left.error, back.error) == (PENDING, NOT_BROUGHT, None)
    here.live(200)
    assert here.stage.live() == [MARK]
    assert events_say(NOT_BROUGHT) == 1


def test_a_clip_whose_file_cannot_be_read_says_so_and_goes_out_once_it_can(here):
    here.publish(here.a_file())

    def away() -> None:
        raise OSError(errno.EIO, "Input/output error")

    here.shelf.when_read = away
    here.live(20)
    [waiting] = here.stage.clips()
    here.shelf.when_read = lambda: None
    here.live(200)

    assert (waiting.state, waiting.error) == (PENDING, UNREAD)
    assert here.stage.live() == [MARK]


def test_a_piece_is_written_by_who_has_the_file_in_hand_alone(here):
    file_id = here.a_file()
    [piece] = pieces.of_file(file_id)

    with pytest.raises(LostRace):
        pieces.put(file_id, "another", piece)


def test_how_much_of_a_clip_has_left_is_told_while_it_is_sent(here):
    file_id = here.a_file()
    here.publish(file_id)
    told: list[transfers.Sending] = []
    here.shelf.at_block = lambda: told.extend(transfers.of_file(file_id))

    here.live(200)

    sent = [one.sent for one in told]
    assert sent == sorted(sent)
    assert 0 < sent[-1] <= len(BYTES)
    assert {(one.batch_id, one.clip_index, one.size) for one in told} == {("b1", 1, len(BYTES))}
    assert transfers.of_file(file_id) == []


def test_a_pause_while_sending_stops_it_and_what_is_resumed_begins_anew(here):
    here.publish(here.a_file())
    here.shelf.when_read = lambda: wishes.pause("b1", of("ana"), here.stage.at)
    here.live(60)

    assert here.stage.states() == [PENDING]
    assert rows_of("transfers") == []
    assert lines(here.stage, "uploaded") == []

    here.shelf.when_read = lambda: None
    wishes.resume("b1", of("ana"), here.stage.at, here.stage.at)
    here.live(200)

    assert here.stage.live() == [MARK]
    assert here.stage.states() == [PUBLISHED]


def test_a_cancel_while_sending_stops_it_for_good(here):
    here.publish(here.a_file())
    here.shelf.when_read = lambda: wishes.cancel("b1", of("ana"), here.stage.at)

    here.live(200)

    assert here.stage.states() == [CANCELLED]
    assert (here.stage.live(), lines(here.stage, "uploaded")) == ([], [])
    assert rows_of("transfers") == []


def test_a_transfer_that_failed_is_told_and_a_retry_begins_anew(here):
    here.stage.sandbox.fault(fault="part_refused", times=2)
    here.publish(here.a_file())
    here.live(200)

    (clip,) = here.stage.clips()
    assert (clip.state, clip.error_code) == (FAILED, "media_refused")
    assert "AccessDenied" in (clip.error or "")
    assert "X-Amz" not in (clip.error or "")

    retry(here.stage)
    here.live(200)

    assert here.stage.live() == [MARK]
    assert here.stage.states() == [PUBLISHED]


def test_a_plan_without_uploads_is_said_as_what_it_is_and_waited_for(here):
    here.stage.sandbox.fault(fault="uploads_off")
    here.publish(here.a_file())
    here.live(100)

    (clip,) = here.stage.clips()
    assert clip.state is PENDING
    assert "plan for this account has no uploads" in (clip.error or "")
    assert clip.lane.blocked_reason == clip.error  # nothing that has to be connected again

    here.stage.sandbox.clear_faults()
    here.live(300)

    assert here.stage.states() == [PUBLISHED]


def test_a_denied_account_is_held_and_said(here):
    here.stage.sandbox.fault(fault="open_upload_fails", status=401)
    here.publish(here.a_file())
    here.live(100)

    (clip,) = here.stage.clips()
    assert clip.state is PENDING
    assert "refuses this account" in (clip.error or "")
    assert clip.lane.blocked_reason

    here.stage.sandbox.clear_faults()
    here.live(300)

    assert here.stage.states() == [PUBLISHED]


def test_a_file_whose_bytes_are_gone_fails_its_clip_in_words(here):
    file_id = here.a_file()
    here.publish(file_id)
    here.spool.path(MARK.removeprefix("sha256:")).unlink()

    here.live(200)

    (clip,) = here.stage.clips()
    assert (clip.state, clip.error_code) == (FAILED, "media_unavailable")
    assert "not in StoryClip any more" in (clip.error or "")


def test_nothing_is_said_to_be_unsent_that_was_sent_before(here):
    here.stage.sandbox.fault(fault="network_error", times=1)
    here.publish(here.a_file())
    here.live(200)
    assert here.stage.states() == [FAILED]
    here.spool.path(MARK.removeprefix("sha256:")).unlink()

    retry(here.stage)
    here.live(200)

    (clip,) = here.stage.clips()
    assert (clip.state, clip.error_code) == (FAILED, "media_unavailable")
    assert "Nothing was sent" not in (clip.error or "")


def test_bytes_that_cannot_be_sent_now_are_sent_later(here):
    for fault in ("open_then_drop", "part_cut", "part_then_drop", "complete_then_drop"):
        here.stage.sandbox.fault(fault=fault, times=1)
    here.publish(here.a_file())

    here.live(400)

    assert here.stage.live() == [MARK]


def test_an_upload_whose_completion_nobody_answered_is_known_to_be_in_the_library(here):
    here.stage.sandbox.fault(fault="complete_then_drop", times=1)
    here.publish(here.a_file())

    here.live(400)

    (clip,) = here.stage.clips()
    transfer = transfers.of_send(clip.id, 0)
    assert here.stage.live() == [MARK]
    assert transfer is not None
    assert transfer.orphans == 1


def test_what_lost_rows_may_have_sent_is_brought_anew(here):
    house, file_id = House(here.stage), here.a_file()
    here.publish(file_id, file_id)
    second = here.stage.clips()[1]
    while (ahead := transfers.of_send(second.id, 0)) is None or ahead.media_url is None:
        here.live(5)
    backed_up = backup()
    house.live_on(30.0)

    put_back(backed_up)
    house.start()
    house.live_on(200.0)

    anew = transfers.of_send(second.id, 0)
    assert anew is None or anew.media_url is None


def test_what_is_declared_is_what_was_measured(here):
    here.publish(here.a_file())
    (piece,) = (pieces.of_file(row[0])[0] for row in rows_of("files"))

    assert isinstance(piece.measured, MeasuredFile)
    assert piece.measured.size == len(BYTES)


def test_what_a_clip_needs_no_more_is_not_due_for_ever(here):
    here.publish(here.a_file())
    (clip,) = here.stage.clips()
    due = "INSERT INTO transfers (clip_id, send, transfer, next_at) VALUES (?, ?, '', '2026')"
    with writing():
        run(due, (clip.id, clip.sends + 1))  # a send that it does not come to
        run(due, (NO_CLIP, 0))
    assert sorted(transfers.due(here.stage.at, 9)) == [clip.id, NO_CLIP]

    for clip_id in (clip.id, NO_CLIP):
        with suppress(NotFound):
            bring(clip_id, here._engine, here.stage.upstream.uploads, here.shelf)

    assert list(transfers.due(here.stage.at, 9)) == []
