"""An address that Metricool gives back as it is: fetched, and brought as a file that proves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from storyclip.domain.upload_errors import SourceNotFetched
from storyclip.flow import disk_room
from storyclip.flow.bring import bring
from storyclip.flow.fetch_clip import fetch_clip
from storyclip.flow.sweep_files import sweep
from storyclip.spool.local import Spool
from storyclip.store.files import transfers
from tests.flow.acts import PUBLISHED, lines, on_sqlite, sources
from tests.flow.conftest import Stage

pytestmark = on_sqlite

HOUR_S = 3600


def bytes_of(url: str) -> bytes:
    return url.encode() * 1000


def source_of(index: int) -> str:
    (url,) = sources(index)
    return str(url)


def mark(index: int) -> str:
    return f"sha256:{hashlib.sha256(bytes_of(source_of(index))).hexdigest()}"


def from_outside(url: str, into: BinaryIO, within_s: float) -> None:
    into.write(bytes_of(url))


def not_there(url: str, into: BinaryIO, within_s: float) -> None:
    into.write(b"half of it")
    raise SourceNotFetched("the file cannot be fetched from its address: no answer")


class Fetching:
    """A stage on which clips are fetched, and beside it the media process."""

    def __init__(self, stage: Stage, spool: Spool) -> None:
        self.stage, self.spool = stage, spool
        self.fetch: Callable[[str, BinaryIO, float], None] = from_outside
        changed = {"fetch_clips": True, "max_attempts": 3}
        stage.settings = stage.settings.model_copy(update=changed)
        stage.engine = stage.engine_of("worker-a", settings=stage.settings)
        self._engine = stage.engine_of("media", settings=stage.settings)
        stage.sandbox.fault(fault="normalize_echo")

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds / 5)):
            self.stage.pass_time(5)
            for clip_id in transfers.due(self.stage.at, 9):
                bring(
                    clip_id,
                    self._engine,
                    self.stage.upstream.uploads,
                    self.spool,
                    lambda clip: fetch_clip(clip, self._engine, self.spool, self.fetch),
                )


@pytest.fixture
def here(stage: Stage, tmp_path: Path) -> Fetching:
    spool = Spool(tmp_path / "media")
    spool.prepare()
    return Fetching(stage, spool)


def test_an_echoed_address_goes_out_as_a_file_with_a_url_of_its_own(here):
    here.stage.accept(2)

    here.live(400)

    assert here.stage.states() == [PUBLISHED] * 2
    assert here.stage.live() == [mark(1), mark(2)]
    urls = {clip.media_url for clip in here.stage.clips()}
    assert len(urls) == 2
    assert not urls & {source_of(1), source_of(2)}


@pytest.mark.parametrize("lost", ["create_then_drop", "drop_before_create"])
def test_after_a_lost_answer_it_needs_no_person_any_more(here, lost):
    here.stage.sandbox.fault(fault=lost, times=1)
    here.stage.accept(2)

    here.live(1200)

    assert here.stage.states() == [PUBLISHED] * 2
    assert here.stage.live() == [mark(1), mark(2)]


def test_what_cannot_be_fetched_is_sent_as_it_is(here):
    here.fetch = not_there
    here.stage.accept(1)

    here.live(600)

    assert (here.stage.live(), here.stage.states()) == ([source_of(1)], [PUBLISHED])
    assert here.spool.used_bytes() == 0  # of what came and was not all of it, nothing is left


def test_what_was_fetched_and_cannot_be_read_just_now_is_fetched_again(here):
    fetch = here.fetch

    def and_then_the_disk_is_away(url: str, into: BinaryIO, within_s: float) -> None:
        fetch(url, into, within_s)
        here.fetch = fetch
        Path(into.name).unlink()
        Path(into.name).symlink_to("/proc/self/mem")  # opens, and reads "Input/output error"

    here.fetch = and_then_the_disk_is_away
    here.stage.accept(1)

    here.live(600)

    assert (here.stage.live(), here.stage.states()) == ([mark(1)], [PUBLISHED])


def test_what_there_is_no_room_for_is_not_fetched_and_sent_as_it_is(here, monkeypatch):
    monkeypatch.setattr(Spool, "free_bytes", lambda _: disk_room.DISK_KEPT_BYTES)
    here.stage.accept(1)

    here.live(600)

    assert (here.stage.live(), here.stage.states()) == ([source_of(1)], [PUBLISHED])


def test_what_cannot_be_uploaded_is_sent_as_it_is(here):
    here.stage.sandbox.fault(fault="uploads_off")
    here.stage.accept(1)

    here.live(600)

    assert (here.stage.live(), here.stage.states()) == ([source_of(1)], [PUBLISHED])


def test_what_was_fetched_stays_for_its_batch_and_is_swept_a_day_later(here):
    here.stage.accept(1)
    here.live(400)
    (clip,) = here.stage.clips()
    assert here.stage.states() == [PUBLISHED]
    whole = here.spool.path(mark(1).removeprefix("sha256:"))

    sweep(here.stage.at, here.spool)
    assert whole.exists()

    sweep(here.stage.at + timedelta(hours=26), here.spool, timedelta(days=-1000))
    assert not whole.exists()
    assert len(lines(here.stage, "uploaded")) == 1
    assert clip.media_url != source_of(1)
