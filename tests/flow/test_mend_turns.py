"""A long video has a turn for each of its pieces, so that nobody waits for hours behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from storyclip.domain.user_file import FileState
from storyclip.flow.mend_file import work_on
from storyclip.spool.local import Spool
from storyclip.store.files import files, pieces
from tests.flow.test_mend_file import picture, spool, taken_in
from tests.media.conftest import small
from tests.media.films import film
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
    work_on(long_id, "worker-a", lambda: next(seconds), lambda: 0.0, spool)  # looked into first
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
