"""Web and media on different hosts: a bucket is all that they share of a file's bytes."""

from __future__ import annotations

import hashlib

import pytest

from storyclip.domain.errors import LostRace
from storyclip.domain.user_file import FileState
from storyclip.flow import take_in
from storyclip.flow.mend_file import work_on
from storyclip.flow.sweep_files import sweep
from storyclip.spool.bucket import BucketSpool
from storyclip.store.files import files, pieces
from tests.flow.test_mend_file import now
from tests.media.films import fitting
from tests.spool.test_bucket import hosts, s3
from tests.store.making import T0

__all__ = ["hosts", "s3"]  # fixtures


def receive(file_id: str, spool: BucketSpool, offset: int, *blocks: bytes) -> None:
    take_in.receive(file_id, offset, iter(blocks), None, spool, now, lambda: 0.0)


def test_a_film_that_two_hosts_received_is_made_by_a_third(store, hosts):
    web, media = hosts
    data = fitting().read_bytes()
    file = files.begin("ana", "a.mp4", len(data), {}, T0)

    receive(file.id, web, 0, data[:5000])
    receive(file.id, media, 5000, data[5000:])
    work_on(file.id, "worker-a", now, lambda: 0.0, media)

    made = files.find(file.id)
    assert made.state is FileState.READY
    (piece,) = pieces.of_file(file.id)
    assert piece.sha256 == hashlib.sha256(data).hexdigest()
    with web.open(made.poster or "") as poster:
        assert poster.read(2) == b"\xff\xd8"
    sweep(T0, media)
    assert web.used_bytes() >= len(data)


def test_of_two_hosts_that_bring_the_same_bytes_one_counts(store, hosts):
    web, media = hosts
    data = b"x" * 9000
    file = files.begin("ana", "a.mp4", len(data), {}, T0)

    def blocks():
        yield data[:4000]
        receive(file.id, media, 0, data[:3000])  # the client came back by another line

    with pytest.raises(LostRace):
        take_in.receive(file.id, 0, blocks(), None, web, now, lambda: 0.0)
    assert files.find(file.id).received == 3000
    receive(file.id, web, 3000, data[3000:])

    assert files.find(file.id).state is FileState.CHECKING
    assert media.at_hand(hashlib.sha256(data).hexdigest()).read_bytes() == data
