"""Bytes into Metricool: the four calls, and what S3 takes under a presigned URL."""

import json
import re
from hashlib import sha256

import pytest

from storyclip.sandbox.ledger import MemoryLedger
from tests.sandbox.here import Here, at
from tests.sandbox.uploading import (
    BUCKET,
    FIVE_MIB,
    UPLOADS,
    asked,
    checksum,
    code_of,
    complete,
    data_of,
    declaration,
    halves,
    opened,
    put,
    uploaded,
)

BODY = b"one story" * 100
HASH = sha256(BODY).hexdigest()
LARGE = bytes(FIVE_MIB) + b"the rest"


def test_one_part_is_a_simple_upload_of_the_captured_shape():
    upload = opened(Here(), BODY)

    key = upload["key"]
    assert re.fullmatch(r"planner/1/202612/[0-9a-f]{32}\.mp4", key)
    url = upload.pop("presignedUrl")
    assert url.startswith(f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/{key}?X-Amz-")
    assert upload == {
        "key": key,
        "bucket": BUCKET,
        "expiresAt": at(3600) / 1000,
        "totalSize": len(BODY),
        "uploadId": None,
        "fileUrl": f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/{key}",
        "parts": None,
        "uploadType": "SIMPLE",
    }


def test_several_parts_are_numbered_from_one_each_with_a_url_of_its_own():
    upload = opened(Here(), *halves(LARGE))

    assert upload["uploadType"] == "MULTIPART"
    assert upload["uploadId"]
    first, second = upload["parts"]
    assert first.pop("presignedUrl") != second.pop("presignedUrl")
    assert first == {"partNumber": 1, "partSize": FIVE_MIB, "startByte": 0, "endByte": FIVE_MIB}
    assert second == {
        "partNumber": 2,
        "partSize": 8,
        "startByte": FIVE_MIB,
        "endByte": FIVE_MIB + 8,
    }


def test_what_was_sent_gets_a_lasting_url_and_a_line_with_its_hash():
    here = Here()
    upload = opened(here, BODY)
    put(here, upload["presignedUrl"], BODY)

    answer = data_of(complete(here, upload))

    url = answer.pop("convertedFileUrl")
    assert re.fullmatch(r"https://static\.metricool\.com/video/1/202612/[0-9a-f]{16}\.mp4", url)
    assert answer == {
        "key": upload["key"],
        "bucket": BUCKET,
        "fileUrl": upload["fileUrl"],
        "etag": None,
    }
    [line] = here.ledger("uploaded")
    assert (line["media"], line["sha256"], line["bytes"], line["parts"]) == (url, HASH, 900, 1)


def test_parts_are_joined_in_their_order_whichever_came_first():
    here = Here()
    head, rest = halves(LARGE)
    upload = opened(here, head, rest)
    second = put(here, upload["parts"][1]["presignedUrl"], rest).headers["ETag"]
    first = put(here, upload["parts"][0]["presignedUrl"], head).headers["ETag"]

    data_of(complete(here, upload, first.strip('"'), second))  # bare or quoted

    [line] = here.ledger("uploaded")
    assert (line["sha256"], line["parts"]) == (sha256(LARGE).hexdigest(), 2)


def test_the_same_bytes_twice_are_two_urls():
    here = Here()

    assert uploaded(here, BODY) != uploaded(here, BODY)


def test_every_line_of_a_post_tells_which_bytes_it_shows():
    here = Here()
    url = uploaded(here, BODY)

    here.created(here.story(media=[url]))
    here.advance(200)

    lines = here.ledger("created") + here.ledger("published")
    assert [(line["media"], line["source"]) for line in lines] == [(url, f"sha256:{HASH}")] * 2


def test_a_post_whose_upload_is_shown_under_another_url_is_traced_all_the_same():
    here = Here({"fault": "media_rehosted"})
    url = uploaded(here, BODY)

    shown = here.created(here.story(media=[url]))["media"]
    here.advance(200)

    assert shown != [url]
    [line] = here.ledger("published")
    assert (line["media"], line["source"]) == (url, f"sha256:{HASH}")


def test_a_restarted_sandbox_knows_uploads_and_gives_other_urls():
    here = Here(ledger=MemoryLedger())
    url = uploaded(here, BODY)

    again = here.restarted()

    again.created(again.story(media=[url]))
    assert again.ledger("created")[0]["source"] == f"sha256:{HASH}"
    assert uploaded(again, BODY) != url


@pytest.mark.parametrize(
    "wrong",
    [
        {"Content_Type": "video/quicktime"},
        {"Content_Type": None},
        {"Content_Length": "899"},
        {"x_amz_checksum_sha256": None},
        {"x_amz_checksum_sha256": "bWQ1"},
        {"X_Mc_Auth": "sandbox-token"},
    ],
)
def test_a_part_whose_head_is_not_as_declared_is_refused(wrong):
    here = Here()
    upload = opened(here, BODY)

    answer = put(here, upload["presignedUrl"], BODY, **wrong)

    assert (answer.status, code_of(answer)) == (403, "SignatureDoesNotMatch")
    assert asked(here, upload).status == 404


@pytest.mark.parametrize("other", [b"another 1" * 100, BODY[:-1], BODY + b"x"])
def test_bytes_that_are_not_the_declared_ones_are_refused(other):
    here = Here()
    upload = opened(here, BODY)
    as_declared = {"Content_Length": "900", "x_amz_checksum_sha256": checksum(BODY)}

    answer = put(here, upload["presignedUrl"], other, **as_declared)

    assert (answer.status, code_of(answer)) == (403, "SignatureDoesNotMatch")
    assert asked(here, upload).status == 404
    assert complete(here, upload).status == 404


def test_a_url_with_another_signature_opens_nothing():
    here = Here()
    mine, theirs = opened(here, BODY), opened(here, BODY)
    signature = theirs["presignedUrl"].rpartition("=")[2]
    forged = mine["presignedUrl"].rpartition("=")[0] + "=" + signature

    assert code_of(put(here, forged, BODY)) == "SignatureDoesNotMatch"


def test_a_presigned_url_is_dead_an_hour_later_by_the_sandboxs_clock():
    here = Here()
    upload = opened(here, BODY)

    here.advance(3599)
    assert put(here, upload["presignedUrl"], BODY).status == 200
    here.advance(1)
    answer = put(here, upload["presignedUrl"], BODY)

    assert (answer.status, code_of(answer)) == (403, "AccessDenied")


def test_what_lies_in_the_bucket_can_be_asked_for_until_it_is_completed():
    here = Here()
    upload = opened(here, BODY)
    before = asked(here, upload).status
    etag = put(here, upload["presignedUrl"], BODY).headers["ETag"]

    there = data_of(asked(here, upload))
    complete(here, upload)

    assert (before, there["size"], there["contentType"]) == (404, 900, "video/mp4")
    assert there["etag"] == etag
    assert asked(here, upload).status == 404
    assert complete(here, upload).status == 404


def test_a_multipart_upload_shows_nothing_before_it_is_joined_and_its_id_is_used_up():
    here = Here()
    head, rest = halves(LARGE)
    upload = opened(here, head, rest)
    etags = [
        put(here, part["presignedUrl"], body).headers["ETag"]
        for part, body in zip(upload["parts"], (head, rest), strict=True)
    ]

    assert asked(here, upload).status == 404
    assert complete(here, upload, *etags).status == 200
    assert complete(here, upload, *etags).status == 404
    assert code_of(put(here, upload["parts"][0]["presignedUrl"], head)) == "NoSuchUpload"


def test_an_aborted_upload_is_gone():
    here = Here()
    upload = opened(here, BODY)
    put(here, upload["presignedUrl"], BODY)

    aborted = here.ask("DELETE", UPLOADS, key=upload["key"], bucket=BUCKET)

    assert (aborted.status, aborted.body) == (204, b"")
    assert complete(here, upload).status == 404
    assert put(here, upload["presignedUrl"], BODY).status == 404
    assert here.ask("DELETE", UPLOADS, key=upload["key"], bucket=BUCKET).status == 404


def test_parts_that_s3_would_not_join_are_refused():
    here = Here()
    small, rest = BODY, b"more"
    upload = opened(here, small, rest)
    etags = [
        put(here, part["presignedUrl"], body).headers["ETag"]
        for part, body in zip(upload["parts"], (small, rest), strict=True)
    ]

    for wrong in (etags[:1], etags[::-1], etags):
        assert complete(here, upload, *wrong).status == 400
    assert here.ledger("uploaded") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"resourceType": "reel"},
        {"contentType": None},
        {"fileExtension": "../mp4"},
        {"parts": []},
        {"parts": [{"size": 9, "startByte": 1, "endByte": 10, "hash": "x"}]},
        {"parts": [{"size": 9, "startByte": 0, "endByte": 9, "hash": "bWQ1"}]},
    ],
)
def test_an_upload_that_is_not_declared_well_is_not_opened(wrong):
    here = Here()

    answer = here.ask("PUT", UPLOADS, declaration([BODY], **wrong))

    assert answer.status == 400
    assert json.loads(answer.body)["title"] == "ValidationError"


def test_an_upload_nobody_completed_is_forgotten_a_day_later():
    here = Here()
    upload = opened(here, BODY)
    put(here, upload["presignedUrl"], BODY)

    here.advance(86_401)
    opened(here, BODY)

    assert asked(here, upload).status == 404
