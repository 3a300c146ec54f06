"""A long video has a turn for each of its pieces, so that nobody waits for hours behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from storyclip.domain.user_file import FileState, UserFile
from storyclip.flow.mend_file import HELD, _Work, work_on
from storyclip.media import ffmpeg, probing
from storyclip.spool.local import Spool
from storyclip.store.files import files, pieces
from tests.flow.test_mend_file import picture, spool, taken_in
from tests.media.conftest import small
from tests.media.films import film, fitting
from tests.store.making import T0

__all__ = ["small", "spool"]  # fixtures


@pytest.fixture
def seconds() -> Iterator[datetime]:
    """A clock that goes on by a second with each look."""
    return (T0 + timedelta(seconds=n) for n in count())


def test_another_file_has_its_turn_between_two_pieces(
    spool: Spool, small: None, seconds: Iterator[datetime], tmp_path: Path
):
    long = film(6.4, "192x108", "24").read_bytes()
    long_id = taken_in(spool, long, "long.mp4", cutMarks=[3.2])
    short_id = taken_in(spool, picture(tmp_path), "short.png")
    made = list[str]()

    for one in (long_id, short_id):  # both came at the same moment
        work_on(one, "worker-a", lambda: next(seconds), lambda: 0.0, spool)
    while due := files.due([FileState.PREPARING], T0 + timedelta(days=1), 1):
        made += due
        work_on(due[0], "worker-a", lambda: next(seconds), lambda: 0.0, spool)

    assert made == [long_id, short_id, long_id]
    assert [piece.number for piece in pieces.of_file(long_id)] == [1, 2]
    assert {files.find(one).state for one in (long_id, short_id)} == {FileState.READY}


def test_a_long_video_stays_in_hand_while_good_cuts_are_looked_for(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
):
    file_id = taken_in(spool, fitting().read_bytes())
    long = replace(probing.probe(fitting()).facts, length_s=600.0)
    passed, takings = [0.0], list[UserFile | None]()

    def now() -> datetime:
        return T0 + timedelta(seconds=passed[0])

    def slow(*_: object) -> None:
        passed[0] += 10
        takings.append(files.take(file_id, "worker-b", now(), now() + HELD))

    monkeypatch.setattr(probing, "probe", lambda *_: probing.Probed(long, ()))
    monkeypatch.setattr(_Work, "_pictures", lambda *_: {})
    monkeypatch.setattr(ffmpeg, "run", slow)
    work_on(file_id, "worker-a", now, lambda: passed[0], spool)
    looked_into = files.find(file_id)
    assert (looked_into.state, looked_into.plan, takings) == (FileState.PREPARING, None, [])
    work_on(file_id, "worker-a", now, lambda: passed[0], spool)

    assert timedelta(seconds=passed[0]) > 2 * HELD
    assert set(takings) == {None}
    planned = files.find(file_id).plan
    assert planned is not None
    assert len(planned["pieces"]) == 11
