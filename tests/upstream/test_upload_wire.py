"""Metricool's JSON of uploads, in the captured shapes and in those it might have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storyclip.domain.errors import (
    MediaUnavailable,
    UpstreamError,
    UpstreamUnanswered,
)
from storyclip.domain.upload_errors import (
    UploadGone,
)
from storyclip.upstream import upload_wire
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import TOKEN, says
from tests.upstream.sending import ACCOUNT, file_of

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ONE, TWO = file_of(b"one"), file_of(b"one", b"two!")
PLACE = "https://metricool-temp.s3.eu-west-1.amazonaws.com/planner/7/202612/a.mp4"
LASTING = "https://static.metricool.com/video/7/202612/0123456789abcdef.mp4"

SIMPLE: dict[str, Any] = {
    "key": "planner/7/202612/a.mp4",
    "bucket": "metricool-temp",
    "expiresAt": NOON.timestamp() + 3600.25,
    "fileUrl": PLACE,
    "presignedUrl": f"{PLACE}?sig",
    "totalSize": 3,
    "uploadType": "SIMPLE",
    "uploadId": None,
    "parts": None,
}
PARTS: list[dict[str, Any]] = [
    {"partNumber": 1, "presignedUrl": "u1", "partSize": 3, "startByte": 0, "endByte": 3},
    {"partNumber": 2, "presignedUrl": "u2", "partSize": 4, "startByte": 3, "endByte": 7},
]
MULTIPART: dict[str, Any] = {
    "key": "k",
    "bucket": "b",
    "expiresAt": NOON.timestamp() + 60,
    "uploadId": "u",
    "totalSize": 7,
    "uploadType": "MULTIPART",
    "parts": PARTS,
}


def test_a_simple_upload_is_read():
    upload = upload_wire.opened({"data": SIMPLE}, ONE, NOON)

    assert (upload.key, upload.upload_id, upload.file_url) == (SIMPLE["key"], None, PLACE)
    assert upload.urls == (f"{PLACE}?sig",)
    assert upload.lives_s == 3600
    assert upload_wire.completion(upload, [""]) == {"simple": {"fileUrl": PLACE}}


def test_parts_are_known_by_their_numbers_in_whatever_order_they_come():
    upload = upload_wire.opened({"data": MULTIPART | {"parts": PARTS[::-1]}}, TWO, NOON)

    assert (upload.urls, upload.lives_s) == (("u1", "u2"), 60)
    assert upload_wire.completion(upload, ["a", "b"]) == {
        "multipart": {
            "uploadId": "u",
            "key": "k",
            "parts": [{"partNumber": 1, "etag": '"a"'}, {"partNumber": 2, "etag": '"b"'}],
        }
    }


@pytest.mark.parametrize(
    ("expires_at", "lives_s"),
    [
        ("2026-12-01T12:30:00Z", 1800),
        ("2026-12-01T13:30:00+01:00", 1800),
        (NOON.timestamp() - 5, 0),
        (NOON.timestamp() + 10**7, 3600),
        ("tomorrow", 3600),
        ("2026-12-01T12:30:00", 3600),
        (None, 3600),
        (True, 3600),
    ],
)
def test_how_long_urls_live_is_read_as_a_number_or_a_date(expires_at, lives_s):
    upload = upload_wire.opened({"data": SIMPLE | {"expiresAt": expires_at}}, ONE, NOON)

    assert upload.lives_s == lives_s


def test_without_their_time_urls_live_as_long_as_those_captured():
    assert upload_wire.opened({"data": SIMPLE}, ONE, None).lives_s == 3600


@pytest.mark.parametrize(
    ("answer", "file"),
    [
        (None, ONE),
        ({"data": None}, ONE),
        ({"data": SIMPLE | {"key": None}}, ONE),
        ({"data": SIMPLE | {"bucket": ""}}, ONE),
        ({"data": SIMPLE | {"fileUrl": None}}, ONE),
        ({"data": SIMPLE | {"presignedUrl": 7}}, ONE),
        ({"data": SIMPLE | {"presignedUrl": None}}, ONE),
        ({"data": SIMPLE}, TWO),
        ({"data": MULTIPART | {"uploadId": None}}, TWO),
        ({"data": MULTIPART | {"parts": PARTS[:1]}}, TWO),
        ({"data": MULTIPART | {"parts": [PARTS[0], PARTS[1] | {"startByte": 4}]}}, TWO),
        ({"data": MULTIPART | {"parts": ["u1", "u2"]}}, TWO),
    ],
)
def test_an_upload_of_another_form_is_none(answer, file):
    with pytest.raises(MediaUnavailable):
        upload_wire.opened(answer, file, NOON)


COMPLETIONS: dict[str, tuple[Any, type[UpstreamError] | str]] = {
    "the captured one": (
        says({"data": {**SIMPLE, "etag": None, "convertedFileUrl": LASTING}}),
        LASTING,
    ),
    "a lasting URL under the other name": (says({"data": {"fileUrl": LASTING}}), LASTING),
    "the bucket's URL alone": (says({"data": {"fileUrl": PLACE}}), UpstreamUnanswered),
    "an empty converted one": (
        says({"data": {"convertedFileUrl": "", "fileUrl": PLACE}}),
        UpstreamUnanswered,
    ),
    "no URL": (says({"data": {"convertedFileUrl": "soon"}}), UpstreamUnanswered),
    "200 as a page": (says(b"<html>"), UpstreamUnanswered),
    "404 in the envelope": (says({"status": "NOT_FOUND", "detail": "no"}, 404), UploadGone),
    "404 without words": (says(b"", 404), UploadGone),
    "404 of a gateway": (says(b"<html>", 404), UpstreamUnanswered),
    "502": (says(b"<html>", 502), UpstreamUnanswered),
}


@pytest.mark.parametrize("case", COMPLETIONS)
def test_completing_gives_a_lasting_url_or_says_what_is_known(case, serve):
    behaviour, outcome = COMPLETIONS[case]
    server = serve(behaviour)
    uploads = Metricool(f"http://127.0.0.1:{server.port}/api", TOKEN, "7", 5).uploads
    upload = upload_wire.opened({"data": SIMPLE}, ONE, NOON)

    if isinstance(outcome, str):
        assert uploads.complete(ACCOUNT, upload, [""]) == outcome
    else:
        with pytest.raises(outcome):
            uploads.complete(ACCOUNT, upload, [""])
    assert server.connections == 1
