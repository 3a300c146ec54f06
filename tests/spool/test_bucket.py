"""The spool in a bucket: what arrives by many hosts, in an S3 of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event

import boto3
import obstore
import pytest
from moto.server import ThreadedMotoServer

from storyclip.domain.upload_errors import FileChanged
from storyclip.spool.bucket import BucketSpool
from storyclip.spool.local import Known, Spool
from storyclip.spool.objects import CARRIED_AT_ONCE, Objects, Place
from tests.eventually import eventually

BYTES = b"bytes of a film" * 100
NAME = hashlib.sha256(BYTES).hexdigest()
NEVER = float("inf")
prefixes = count()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.create_bucket(Bucket="files")
    yield url
    server.stop()


@pytest.fixture
def hosts(s3: str, tmp_path: Path) -> tuple[BucketSpool, BucketSpool]:
    """The spools of two machines: the bucket is all that they share."""
    place = Place("files", f"p{next(prefixes)}", s3, "us-east-1")
    return host(tmp_path / "web", place), host(tmp_path / "media", place)


def host(folder: Path, place: Place) -> BucketSpool:
    spool = BucketSpool(folder, Objects(place, "key", "secret"))
    spool.prepare()
    return spool


def arrive(
    spool: Spool, data: bytes, offset: int = 0, file_id: str = "one", is_noted: bool = True
) -> None:
    with spool.arriving_of(file_id) as arriving:
        arriving.go_on_at(offset)
        arriving.write(data)
        arriving.sync()
        if is_noted:
            arriving.noted()


def knowing(arriving: set[str] | None = None, whole: set[str] | None = None) -> Known:
    return Known(arriving or set(), whole or set())


def test_what_one_host_received_another_goes_on_with_and_a_third_reads(hosts):
    web, media = hosts
    arrive(web, BYTES[:700])
    with media.arriving_of("one") as arriving:
        arriving.go_on_at(700)
        arriving.write(BYTES[700:1000])
        arriving.sync()
        arriving.write(BYTES[1000:])
        arriving.sync()
        assert arriving.sha256() == NAME

    media.name("one", NAME)
    media.name("one", NAME)  # a repeat

    with web.open(NAME) as file:
        assert file.read() == BYTES
    assert media.at_hand(NAME).read_bytes() == BYTES
    assert web.used_bytes() == len(BYTES)  # the runs are gone


def test_what_was_written_and_not_noted_does_not_count(hosts):
    web, media = hosts
    arrive(web, b"?" * 900, is_noted=False)  # killed before the row said so
    arrive(media, BYTES[:900])
    arrive(web, BYTES[900:1200], 900)
    arrive(media, b"!" * 300, 1200, is_noted=False)  # another one of those
    arrive(media, BYTES[1200:], 1200)

    media.name("one", NAME)

    assert media.at_hand(NAME).read_bytes() == BYTES


def test_nobody_goes_on_from_where_nothing_is(hosts):
    arrive(hosts[0], BYTES[:10])

    with hosts[1].arriving_of("one") as arriving, pytest.raises(FileChanged):
        arriving.go_on_at(11)


def test_what_is_not_what_it_should_be_gets_no_name(hosts):
    web, _ = hosts
    arrive(web, BYTES[:-1] + b"x")

    assert not web.has_lost(NAME, "one")
    assert web.has_lost(NAME)
    with pytest.raises(FileChanged):
        web.name("one", NAME)
    with pytest.raises(FileChanged), web.open(NAME):
        pass
    with pytest.raises(FileChanged):
        web.at_hand(NAME)
    with pytest.raises(FileChanged):
        web.keep(web.making("nothing"))


def test_a_file_that_has_to_come_anew_is_forgotten(hosts):
    web, _ = hosts
    with web.arriving_of("one") as arriving:
        arriving.write(b"wrong" * 300)
        arriving.sync()
        arriving.forget()
    arrive(web, BYTES)

    web.name("one", NAME)

    assert web.at_hand(NAME).read_bytes() == BYTES


def test_an_empty_file_is_one(hosts):
    nothing = hashlib.sha256().hexdigest()

    hosts[0].name("one", nothing)

    assert hosts[1].at_hand(nothing).read_bytes() == b""


def test_what_no_row_knows_is_swept_and_all_else_stays(hosts):
    web, media = hosts
    arrive(web, BYTES, file_id="known")
    arrive(web, BYTES, file_id="unknown")
    made = media.making("x.mp4")
    made.write_bytes(BYTES)
    name = media.keep(made)
    made.write_bytes(b"else")
    other = media.keep(made)

    gone = media.sweep(lambda: knowing({"known"}, {name}), NEVER)

    assert gone == 2
    assert web.used_bytes() == 2 * len(BYTES)
    assert media.at_hand(name).read_bytes() == BYTES  # fetched again
    with pytest.raises(FileChanged):
        media.at_hand(other)
    assert media.sweep(lambda: knowing({"known"}), 0.0) == 0  # all of it is young


def test_a_bucket_that_cannot_be_reached_is_said_without_a_word_of_the_key(tmp_path, monkeypatch):
    monkeypatch.setattr("storyclip.spool.objects.RETRIES", 0)
    spool = host(tmp_path, Place("files", "", "http://127.0.0.1:9", "us-east-1"))

    with pytest.raises(OSError, match="the bucket of users' files") as failure:
        spool.used_bytes()

    assert "secret" not in str(failure.value)
    assert "\n" not in str(failure.value)


def test_of_all_that_goes_to_the_bucket_at_once_little_lies_in_memory(monkeypatch):
    spool, gate = Objects(Place("files", "p", None, "us-east-1"), "key", "secret"), Event()
    carried, most = list[str](), list[int]()

    def put(_store: object, name: str, *_: object, **__: object) -> None:
        carried.append(name)
        most.append(len(carried))
        assert gate.wait(10)
        carried.remove(name)

    monkeypatch.setattr(obstore, "put", put)
    with ThreadPoolExecutor(5) as pool:
        sent = [pool.submit(spool.put, f"{n}", [b""]) for n in range(5)]
        eventually(lambda: len(carried) == CARRIED_AT_ONCE)
        gate.set()
        for one in sent:
            one.result()

    assert max(most) == CARRIED_AT_ONCE
