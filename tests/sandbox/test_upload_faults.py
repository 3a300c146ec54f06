"""What can go wrong with an upload, in Metricool and at Amazon."""

import re

import pytest

from storyclip.sandbox.answers import Wire
from tests.sandbox.here import Here, at
from tests.sandbox.uploading import (
    BUCKET,
    UPLOADS,
    asked,
    code_of,
    complete,
    data_of,
    declaration,
    opened,
    put,
)

BODY = b"one story" * 100


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"fault": "uploads_off"}, 403),
        ({"fault": "open_upload_fails", "status": 402}, 402),
        ({"fault": "open_upload_fails", "status": 502}, 502),
        ({"fault": "busy_429", "call": "open_upload"}, 429),
    ],
)
def test_opening_an_upload_may_fail(fault, status):
    here = Here(fault)

    answer = here.ask("PUT", UPLOADS, declaration([BODY]))

    assert answer.status == status
    assert ("Feature not enabled" in answer.body.decode()) is (fault["fault"] == "uploads_off")


@pytest.mark.parametrize("name", ["open_upload_fails", "open_then_drop"])
def test_the_answer_that_opens_may_be_lost(name):
    assert Here({"fault": name}).ask("PUT", UPLOADS, declaration([BODY])).wire is Wire.DROPPED


def test_urls_may_live_for_seconds():
    here = Here({"fault": "upload_expires", "seconds": 90})
    upload = opened(here, BODY)

    here.advance(90)

    assert upload["expiresAt"] == at(90) / 1000
    assert put(here, upload["presignedUrl"], BODY).status == 403


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "part_refused"}, 403, "AccessDenied"),
        ({"fault": "part_refused", "words": "SignatureDoesNotMatch"}, 403, "SignatureDoesNotMatch"),
        ({"fault": "part_busy"}, 503, "SlowDown"),
    ],
)
def test_a_part_may_be_refused_once(fault, status, code):
    here = Here(fault | {"times": 1})
    upload = opened(here, BODY)

    answer = put(here, upload["presignedUrl"], BODY)

    assert (answer.status, code_of(answer)) == (status, code)
    assert upload["presignedUrl"].rpartition("=")[2] in answer.body.decode()  # as Amazon does
    assert put(here, upload["presignedUrl"], BODY).status == 200


def test_a_part_may_be_cut_in_the_middle_and_leaves_nothing():
    here = Here({"fault": "part_cut", "times": 1})
    upload = opened(here, BODY)

    assert put(here, upload["presignedUrl"], BODY).wire is Wire.DROPPED
    assert asked(here, upload).status == 404
    assert put(here, upload["presignedUrl"], BODY).status == 200


def test_a_part_may_be_kept_and_its_answer_lost():
    here = Here({"fault": "part_then_drop", "times": 1})
    upload = opened(here, BODY)

    assert put(here, upload["presignedUrl"], BODY).wire is Wire.DROPPED
    assert asked(here, upload).status == 200


def test_an_etag_may_come_without_quotes_and_a_part_may_be_slow():
    here = Here({"fault": "part_etag_bare"}, {"fault": "part_slow", "seconds": 3})
    upload = opened(here, BODY)

    answer = put(here, upload["presignedUrl"], BODY)

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["ETag"])
    assert answer.wait_s == 3


def test_completing_may_be_done_and_its_answer_lost():
    here = Here({"fault": "complete_then_drop"})
    upload = opened(here, BODY)
    put(here, upload["presignedUrl"], BODY)

    assert complete(here, upload).wire is Wire.DROPPED
    assert len(here.ledger("uploaded")) == 1


def test_completing_may_be_done_and_no_url_told():
    here = Here({"fault": "complete_without_url"})
    upload = opened(here, BODY)
    put(here, upload["presignedUrl"], BODY)

    answer = data_of(complete(here, upload))

    assert "convertedFileUrl" not in answer
    assert len(here.ledger("uploaded")) == 1


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("complete_upload_fails", "PATCH"),
        ("ask_upload_fails", "GET"),
        ("abort_upload_fails", "DELETE"),
    ],
)
def test_the_later_calls_may_fail_and_nothing_is_done(name, method):
    here = Here({"fault": name, "status": 503})
    upload = opened(here, BODY)
    put(here, upload["presignedUrl"], BODY)
    body = {"simple": {"fileUrl": upload["fileUrl"]}} if method == "PATCH" else None

    answer = here.ask(method, UPLOADS, body, key=upload["key"], bucket=BUCKET)

    assert answer.status == 503
    here.sandbox.faults.clear()
    assert asked(here, upload).status == 200
