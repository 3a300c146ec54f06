"""The S3 stand-in over HTTP: a port of its own, bodies in blocks, lines that are cut or slow."""

import threading
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.eventually import eventually
from tests.sandbox.conftest import Metricool
from tests.sandbox.uploading import (
    FIVE_MIB,
    UPLOADS,
    checksum,
    completion,
    declaration,
    halves,
)

BODY = b"one story" * 100
LARGE = bytes(FIVE_MIB) + b"the rest"


def opened(metricool: Metricool, *bodies: bytes) -> dict[str, Any]:
    answer = metricool.call("PUT", UPLOADS, declaration(list(bodies)))
    assert answer.ok, answer.text
    upload: dict[str, Any] = answer.json()["data"]
    return upload


def put(url: str, body: Any, declared: bytes, **how: Any) -> requests.Response:
    headers = {
        "Content-Type": "video/mp4",
        "Content-Length": str(len(declared)),
        "x-amz-checksum-sha256": checksum(declared),
    }
    with requests.Session() as amazon:
        amazon.trust_env = False
        return amazon.put(url, data=body, headers=headers, timeout=20, **how)


def test_bytes_go_to_another_port_and_come_out_under_a_lasting_url(metricool: Metricool):
    head, rest = halves(LARGE)
    upload = opened(metricool, head, rest)
    urls = [part["presignedUrl"] for part in upload["parts"]]

    etags = [
        put(url, body, body).headers["ETag"] for url, body in zip(urls, (head, rest), strict=True)
    ]
    done = metricool.call("PATCH", UPLOADS, completion(upload, *etags))

    assert urlsplit(urls[0]).port not in (None, urlsplit(metricool.sandbox.url).port)
    [line] = metricool.ledger("uploaded")
    assert (line["media"], line["bytes"]) == (done.json()["data"]["convertedFileUrl"], len(LARGE))
    parts = metricool.sandbox.parts()
    taken = [(one["number"], one["received"], one["status"]) for one in parts]
    assert taken == [(1, FIVE_MIB, 200), (2, 8, 200)]


def test_other_bytes_than_declared_are_refused_in_xml(metricool: Metricool):
    upload = opened(metricool, BODY)

    answer = put(upload["presignedUrl"], b"x" * len(BODY), BODY)

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/xml"
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_a_line_that_ends_in_the_middle_leaves_nothing_and_the_part_may_come_again(
    metricool: Metricool,
):
    upload = opened(metricool, BODY)

    url = urlsplit(upload["presignedUrl"])
    line = HTTPConnection(url.netloc)
    headers = {
        "Content-Type": "video/mp4",
        "Content-Length": str(len(BODY)),
        "x-amz-checksum-sha256": checksum(BODY),
    }
    line.request("PUT", f"{url.path}?{url.query}", BODY[:100], headers)
    line.close()

    eventually(lambda: metricool.sandbox.parts() != [])
    assert metricool.sandbox.parts()[0]["status"] == "cut"
    assert put(upload["presignedUrl"], BODY, BODY).ok


def test_a_part_is_cut_by_the_fault_and_leaves_nothing(metricool: Metricool):
    metricool.sandbox.fault(fault="part_cut", times=1)
    upload = opened(metricool, LARGE)

    with pytest.raises(requests.ConnectionError):
        put(upload["presignedUrl"], LARGE, LARGE)

    [record] = metricool.sandbox.parts()
    assert record["status"] == "cut"
    assert record["received"] < len(LARGE)


def test_a_slow_part_keeps_nobody_else_waiting(metricool: Metricool):
    metricool.sandbox.fault(fault="part_slow", seconds=0.6, times=1)
    upload = opened(metricool, BODY)
    began = time.monotonic()
    answers: list[requests.Response] = []
    sending = threading.Thread(
        target=lambda: answers.append(put(upload["presignedUrl"], BODY, BODY))
    )
    sending.start()
    eventually(lambda: metricool.sandbox.parts() != [])

    listed_after_s = time.monotonic() - began
    sending.join()

    assert listed_after_s < 0.6 <= time.monotonic() - began
    assert answers[0].ok


def test_the_port_takes_nothing_but_puts_it_knows(metricool: Metricool):
    upload = opened(metricool, BODY)
    url = upload["presignedUrl"]

    assert requests.get(url, timeout=5).status_code == 405
    assert put(url.replace("planner", "elsewhere"), BODY, BODY).status_code == 404


def test_a_presigned_url_dies_by_the_sandboxs_clock(metricool: Metricool):
    upload = opened(metricool, BODY)

    metricool.sandbox.advance(3600)

    assert "Request has expired" in put(upload["presignedUrl"], BODY, BODY).text
