"""One PUT of a part: to the right place or to none, in time, and without a word of its URL."""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from storyclip.domain.errors import UpstreamError
from storyclip.domain.upload import Upload
from storyclip.domain.upload_errors import (
    PartNotSent,
    PartRefused,
    UploadMisdirected,
    UploadStopped,
)
from storyclip.upstream.metricool import Metricool
from storyclip.upstream.part_line import PartLine
from storyclip.upstream.uploads import MetricoolUploads
from tests.eventually import eventually
from tests.upstream.conftest import (
    TOKEN,
    RawServer,
    answer,
    drips,
    hangs,
    nobody_listens,
    resets,
    says,
    says_and_closes,
)
from tests.upstream.sending import ACCOUNT, LARGE, SMALL, Blockwise, file_of

CANARY = "c4n4ry0123456789"
QUERY = f"X-Amz-Credential=ASIACANARY&X-Amz-Signature={CANARY}"
XML = (
    '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message>'
    f"<SignatureProvided>{CANARY}</SignatureProvided><StringToSign>ASIACANARY</StringToSign>"
    "</Error>"
).encode()
FILE = file_of(SMALL)
LARGE_FILE = file_of(LARGE)
TAKEN = says(b"", headers='ETag: "abc"\r\n')

NOT_TAKEN: dict[str, tuple[Callable[[socket.socket], None], type[UpstreamError]]] = {
    "403 in XML": (says(XML, 403), PartRefused),
    "403 without words": (says(b"", 403), PartRefused),
    "400 BadDigest": (says(XML.replace(b"SignatureDoesNotMatch", b"BadDigest"), 400), PartRefused),
    "400 for a slow line": (
        says(XML.replace(b"SignatureDoesNotMatch", b"RequestTimeout"), 400),
        PartNotSent,
    ),
    "404": (says(XML.replace(b"SignatureDoesNotMatch", b"NoSuchUpload"), 404), PartRefused),
    "a redirect": (says(b"", 307, f"Location: https://evil.example/?{QUERY}\r\n"), PartRefused),
    "429": (says(XML, 429), PartNotSent),
    "500": (says(XML, 500), PartNotSent),
    "503": (says(XML.replace(b"SignatureDoesNotMatch", b"SlowDown"), 503), PartNotSent),
    "nothing, the line is cut": (resets, PartNotSent),
    "half an answer": (says_and_closes(answer(b"abc", length=100)), PartNotSent),
    "no HTTP": (says_and_closes(f"{QUERY}\r\n\r\n".encode()), PartNotSent),
    "more than anybody reads": (says(b"x" * 70_000, 403), PartNotSent),
}


def at(server: RawServer) -> MetricoolUploads:
    """Uploads whose Metricool and Amazon are this server."""
    return Metricool(f"http://127.0.0.1:{server.port}/api", TOKEN, "7", 5).uploads


def upload_to(server: RawServer, **changes: Any) -> Upload:
    url = f"http://127.0.0.1:{server.port}/metricool-temp/planner/a.mp4?{QUERY}"
    facts: dict[str, Any] = {"upload_id": None, "file_url": url.partition("?")[0], "urls": (url,)}
    return Upload("planner/a.mp4", "metricool-temp", **facts | changes, lives_s=3600)


def send(uploads: MetricoolUploads, upload: Upload) -> str:
    return uploads.send_part(upload, FILE, FILE.parts[0], Blockwise(SMALL))


def test_a_part_goes_out_as_it_was_declared_and_without_our_token(serve):
    server = serve(TAKEN)

    etag = send(at(server), upload_to(server))

    assert etag == "abc"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == SMALL
    lines = head.decode().split("\r\n")
    assert lines[0] == f"PUT /metricool-temp/planner/a.mp4?{QUERY} HTTP/1.1"
    assert set(lines[1:]) == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept-Encoding: identity",
        "Content-Type: video/mp4",
        f"Content-Length: {len(SMALL)}",
        f"x-amz-checksum-sha256: {FILE.parts[0].sha256}",
    }


@pytest.mark.parametrize("case", NOT_TAKEN)
def test_what_is_not_taken_says_so_and_nothing_of_the_url(case, serve, caplog):
    behaviour, error = NOT_TAKEN[case]
    server = serve(behaviour)
    caplog.set_level(logging.DEBUG)

    with pytest.raises(UpstreamError) as said:
        send(at(server), upload_to(server))

    assert type(said.value) is error
    assert server.connections == 1  # asked once, no redirect followed
    traced = "".join(traceback.format_exception(said.value))
    told = f"{said.value!r} {traced} {caplog.text}"
    assert CANARY not in told
    assert "ASIACANARY" not in told


def test_the_code_of_a_refusal_is_amazons(serve):
    server = serve(says(XML, 403))

    with pytest.raises(PartRefused) as refusal:
        send(at(server), upload_to(server))

    assert (refusal.value.code, refusal.value.status) == ("SignatureDoesNotMatch", 403)


def hangs_up_on_the_head(line: socket.socket, said: bytes) -> socket.socket:
    head = b""
    while b"\r\n\r\n" not in head:
        head += line.recv(1024)
    line.sendall(said)
    line.close()  # with most of the body unread
    return line


def test_a_refusal_by_who_hangs_up_on_the_body_is_heard(serve):
    server = serve(hangs, wrap=lambda line: hangs_up_on_the_head(line, answer(XML, 403)))
    upload = upload_to(server)

    with pytest.raises(PartRefused, match="SignatureDoesNotMatch"):
        at(server).send_part(upload, LARGE_FILE, LARGE_FILE.parts[0], Blockwise(LARGE))


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", answer(b"", headers='ETag: "x"\r\n')])
def test_a_line_cut_in_the_body_took_nothing_whatever_it_says(said, serve):
    server = serve(hangs, wrap=lambda line: hangs_up_on_the_head(line, said))
    upload = upload_to(server)

    with pytest.raises(PartNotSent):
        at(server).send_part(upload, LARGE_FILE, LARGE_FILE.parts[0], Blockwise(LARGE))


def test_a_taken_part_without_an_etag_will_do_where_it_is_the_only_one(serve):
    server = serve(says(b""))

    assert send(at(server), upload_to(server)) == ""
    with pytest.raises(PartNotSent):
        send(at(server), upload_to(server, upload_id="u1"))


@pytest.mark.parametrize("behaviour", [hangs, drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")])
def test_no_server_holds_a_part_beyond_its_time(behaviour, serve):
    server = serve(behaviour)
    line = PartLine(f"http://127.0.0.1:{server.port}")
    began = time.monotonic()

    with pytest.raises(PartNotSent, match="the deadline is over"):
        line.put(upload_to(server).urls[0], {"Content-Length": "1"}, [b"x"], began + 0.4)

    assert 0.35 < time.monotonic() - began < 2


def test_who_stops_cuts_what_is_being_sent_and_begins_nothing(serve):
    server = serve(hangs)
    metricool = Metricool(f"http://127.0.0.1:{server.port}/api", TOKEN, "7", 5)
    upload, said = upload_to(server), []

    def sending() -> None:
        try:
            send(metricool.uploads, upload)
        except UploadStopped as stopped:
            said.append(stopped)

    thread = threading.Thread(target=sending)
    thread.start()
    eventually(lambda: server.requests != [])

    metricool.stop()
    thread.join(5)

    assert len(said) == 1
    with pytest.raises(UploadStopped):
        send(metricool.uploads, upload)
    assert server.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.2:9/a?{QUERY}",
        f"http://localhost:9/a?{QUERY}",
        f"http://127.0.0.1@evil.example:9/a?{QUERY}",
        f"https://evil.example/a?{QUERY}",
        f"http://s3.amazonaws.com/a?{QUERY}",
    ],
)
def test_not_even_a_sandboxs_parts_go_anywhere_else(url):
    line = PartLine("http://127.0.0.1:8000/api")

    with pytest.raises(UploadMisdirected) as said:
        line.put(url, {}, [b"x"], time.monotonic() + 5)

    assert CANARY not in str(said.value)


def test_a_real_metricools_parts_never_go_to_this_machine(serve):
    server = serve(TAKEN)
    line = PartLine("https://app.metricool.com/api")

    for url in (upload_to(server).urls[0], "http://app.metricool.com:80/a"):
        with pytest.raises(UploadMisdirected, match="not https"):
            line.put(url, {}, [b"x"], time.monotonic() + 5)

    assert server.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_amazons_name_with_an_address_of_the_inside_gets_nothing(address, serve):
    server = serve(TAKEN)

    def found(host: str, port: int) -> list[Any]:
        assert (host, port) == ("metricool-temp.s3.eu-west-1.amazonaws.com", 443)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port))]

    line = PartLine("https://app.metricool.com/api", find=found)
    url = f"https://metricool-temp.s3.eu-west-1.amazonaws.com/a?{QUERY}"

    with pytest.raises(UploadMisdirected, match="not a public one"):
        line.put(url, {}, [b"x"], time.monotonic() + 5)
    assert server.connections == 0


def test_a_server_nobody_vouches_for_hears_no_byte_of_a_file(serve):
    server = serve(TAKEN)

    def found(host: str, port: int) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    line = PartLine("https://app.metricool.com/api", found, lambda _: True)

    with pytest.raises(PartNotSent):
        line.put(f"https://s3.amazonaws.com/a?{QUERY}", {}, [b"x"], time.monotonic() + 1)
    assert server.requests == []


def test_an_amazon_that_is_not_there_is_tried_again():
    port = nobody_listens()
    line = PartLine(f"http://127.0.0.1:{port}/api")

    with pytest.raises(PartNotSent, match="refused"):
        line.put(f"http://127.0.0.1:{port}/a?{QUERY}", {}, [b"x"], time.monotonic() + 5)


def test_a_file_that_cannot_be_read_is_no_fault_of_the_line(serve):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    server = serve(TAKEN)

    with pytest.raises(Exception, match="cannot be read: Input/output error"):
        at(server).send_part(upload_to(server), FILE, FILE.parts[0], Broken(SMALL))


def test_an_upload_that_would_lead_elsewhere_is_not_even_begun(serve):
    url = f"https://evil.example/a?{QUERY}"
    data = {
        "key": "k",
        "bucket": "b",
        "expiresAt": 1_800_000_000.5,
        "fileUrl": "https://b/k",
        "presignedUrl": url,
        "totalSize": len(SMALL),
        "uploadType": "SIMPLE",
        "uploadId": None,
        "parts": None,
    }
    server = serve(says({"data": data}))

    with pytest.raises(UploadMisdirected) as said:
        at(server).open(ACCOUNT, FILE)

    assert CANARY not in str(said.value)
