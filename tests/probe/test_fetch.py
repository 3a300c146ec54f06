"""A clip comes from outside or not at all, and nothing inside is ever spoken to."""

from __future__ import annotations

import io
import time

import pytest

from storyclip.domain.clip_file import MAX_BYTES
from storyclip.domain.clip_url import is_public
from storyclip.line.addresses import resolve
from storyclip.line.connection import tls_context
from storyclip.line.deadline import CallOver
from storyclip.probe.fetch import ClipNotFetched, Fetcher
from tests.probe.conftest import HOST, gives, moves_to


class Nowhere(io.BytesIO):
    """Takes everything, keeps nothing but the count."""

    size = 0

    def write(self, piece):
        self.size += len(piece)
        return len(piece)


def fetched(clips, url, within_s=10.0, fetcher=None):
    into = io.BytesIO()
    (fetcher or clips.fetcher()).fetch(url, into, time.monotonic() + within_s)
    return into.getvalue()


def refusal(clips, url, fetcher=None):
    with pytest.raises(ClipNotFetched) as refused:
        fetched(clips, url, fetcher=fetcher)
    return str(refused.value)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\0" * 1_000_000)


def endless_chunks(handler):
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"f4240\r\n" + b"\0" * 1_000_000 + b"\r\n")


def test_the_rules_outside_of_tests_are_the_strict_ones():
    assert Fetcher() == Fetcher(resolve, is_public, tls_context)


def test_a_file_comes_whole_over_one_look_at_its_name(clips):
    body = bytes(range(256)) * 1000

    assert fetched(clips, clips.has("/a.mp4?sig=1", body)) == body
    assert clips.resolved == [HOST]
    assert clips.asked == [f"{HOST}:{clips.port}/a.mp4?sig=1"]


def test_a_redirect_to_another_public_place_is_followed(clips):
    clips.has("/a", moves_to("/b"))
    clips.has("/b", moves_to(clips.url("/c")))
    clips.has("/c", b"here")

    assert fetched(clips, clips.url("/a")) == b"here"
    assert clips.resolved == [HOST] * 3


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        [],
    ],
)
def test_a_name_with_a_private_address_is_not_spoken_to(clips, addresses):
    url = clips.good()
    clips.addresses[HOST] = addresses

    said = refusal(clips, url, clips.strict_fetcher())

    assert said == "its host has an address that is not a public one"
    assert clips.connections == []


def test_a_name_that_does_not_exist_is_refused(clips):
    assert refusal(clips, "https://gone.example.com/") == "its host has no address"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://clips.example.com/a.mp4", "https"),
        ("https://127.0.0.1/a.mp4", "not a public one"),
        ("https://2130706433/a.mp4", "not a public one"),
        ("https://169.254.169.254/latest/meta-data", "not a public one"),
        ("https://[::1]/", "not a public one"),
        ("https://localhost/", "not a public one"),
        ("https://u:p@clips.example.com/", "user name"),
        ("file:///etc/passwd", "https"),
        ("https://clips.example.com:99999/", "not a valid URL"),
    ],
)
def test_no_redirect_leads_inside(clips, target, why):
    said = refusal(clips, clips.has("/a", moves_to(target)))

    assert said.startswith("redirects to where clips may not come from: ")
    assert why in said
    assert len(clips.connections) == 1


def test_a_redirect_to_a_name_that_is_private_is_not_followed(clips):
    clips.addresses["inside.example.com"] = ["10.1.2.3"]
    url = clips.has("/a", moves_to("https://inside.example.com/"))

    assert refusal(clips, url) == "its host has an address that is not a public one"


def test_a_loop_ends_after_three_redirects(clips):
    url = clips.has("/a", moves_to("/a"))

    assert refusal(clips, url) == "redirects more than 3 times"
    assert len(clips.asked) == 4


def test_a_redirect_that_leads_nowhere_new_is_a_loop(clips):
    assert refusal(clips, clips.has("/a", gives(b"", 302))) == "redirects more than 3 times"


@pytest.mark.parametrize("status", [204, 206, 304, 401, 403, 404, 410, 429, 500, 503])
def test_any_status_but_200_is_told(clips, status):
    url = clips.has("/a", gives(b"", status))

    assert refusal(clips, url) == f"its server answers {status}; 200 is needed"


def test_too_long_a_file_is_refused_by_its_own_word_before_it_is_read(clips):
    said = refusal(clips, clips.has("/a", gives(b"x", length=MAX_BYTES + 1)))

    assert said == "has 100,000,001 bytes; 100,000,000 (100 MB) are allowed"


@pytest.mark.parametrize("answer", [endless, endless_chunks])
def test_an_endless_file_is_read_no_further_than_the_limit(clips, answer):
    into, url = Nowhere(), clips.has("/a", answer)

    with pytest.raises(ClipNotFetched, match="has at least 100,000,001 bytes; 100,000,000"):
        clips.fetcher().fetch(url, into, time.monotonic() + 60)

    assert into.size <= MAX_BYTES


def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(clips):
    url = clips.has("/a", gives(b"half", length=8))

    assert refusal(clips, url) == "breaks off after 4 of 8 bytes"


def drips(handler):
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.clips.stop.wait(0.05):
        handler.wfile.write(b"x")


def says_nothing(handler):
    handler.server.clips.stop.wait(20)


@pytest.mark.parametrize("answer", [drips, says_nothing])
def test_a_slow_server_is_left_when_time_is_up(clips, answer):
    url, began = clips.has("/a", answer), time.monotonic()

    with pytest.raises(CallOver):
        fetched(clips, url, within_s=0.5)

    assert time.monotonic() - began < 3


def test_a_certificate_for_another_name_is_refused_before_anything_is_asked(clips):
    clips.addresses["other.example.com"] = ["127.0.0.1"]

    said = refusal(clips, clips.url("/a", "other.example.com"))

    assert said.startswith("cannot be reached from outside: its certificate is not valid (Hostname")
    assert clips.asked == []


def test_a_certificate_nobody_vouches_for_is_refused(clips):
    fetcher = Fetcher(clips.resolve, lambda _: True)

    assert "self-signed" in refusal(clips, clips.good(), fetcher)
    assert clips.asked == []


def test_a_closed_door_is_told(clips):
    url = f"https://{HOST}:1/a.mp4"

    assert refusal(clips, url) == "cannot be reached from outside: Connection refused"


def test_the_second_address_is_tried_when_the_first_is_dead(clips):
    url = clips.has("/a", b"here")
    clips.addresses[HOST] = ["127.0.0.2", "127.0.0.1"]
    fetcher = Fetcher(clips.resolve, lambda _: True, clips.tls)

    assert fetched(clips, url, fetcher=fetcher) == b"here"
