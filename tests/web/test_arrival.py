"""Whether a request has arrived: the same answer however its bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyclip.web.door.arrival import BODY_BYTES, HEAD_BYTES, Arrival, Stage
from storyclip.web.door.pace import LEAST_BYTES_A_SECOND, WINDOW_S, Pace

HEAD = b"POST /x HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /livez HTTP/1.1\r\n"

REQUESTS: dict[str, tuple[bytes, Stage]] = {
    "no body": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", Stage.WHOLE),
    "an empty line before it": (b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", Stage.WHOLE),
    "a body": (HEAD + b"Content-Length: 3\r\n\r\nabc", Stage.WHOLE),
    "a body too short": (HEAD + b"Content-Length: 3\r\n\r\nab", Stage.ARRIVING),
    "a long body": (HEAD + b"Content-Length: 65537\r\n\r\n", Stage.LONG),
    "two lengths": (HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n", Stage.WHOLE),
    "a length that is none": (HEAD + b"Content-Length: +3\r\n\r\n", Stage.WHOLE),
    "a length and chunks": (CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n", Stage.WHOLE),
    "another coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", Stage.WHOLE),
    "chunks of HTTP/1.0": (CHUNKED.replace(b"1.1", b"1.0"), Stage.WHOLE),
    "chunks": (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", Stage.WHOLE),
    "chunks in capitals": (CHUNKED.replace(b"chunked", b" CHUNKED ") + b"0\r\n\r\n", Stage.WHOLE),
    "chunks with an extension": (CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n", Stage.WHOLE),
    "chunks with a trailer": (CHUNKED + b"0\r\nX-Sum: 1\r\n\r\n", Stage.WHOLE),
    "chunks that do not end": (CHUNKED + b"3\r\nabc\r\n", Stage.ARRIVING),
    "a trailer that does not end": (CHUNKED + b"0\r\nX-Sum: 1\r\n", Stage.ARRIVING),
    "a size that is none": (CHUNKED + b"x\r\n", Stage.BROKEN),
    "a size below zero": (CHUNKED + b"-1\r\n", Stage.BROKEN),
    "a size of nothing": (CHUNKED + b"\r\n", Stage.BROKEN),
    "a size beyond all bounds": (CHUNKED + b"f" * 9 + b"\r\n", Stage.BROKEN),
    "a size in a bare line": (CHUNKED + b"3\nabc\n0\n\n", Stage.BROKEN),
    "a chunk longer than it says": (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", Stage.BROKEN),
    "a trailer that is none": (CHUNKED + b"0\r\nnonsense\r\n\r\n", Stage.BROKEN),
    "a first line that is none": (b"nonsense\r\n", Stage.WHOLE),
    "bare lines": (b"GET / HTTP/1.1\nHost: x\n\n", Stage.WHOLE),
    "one byte": (b"G", Stage.ARRIVING),
    "nothing": (b"", Stage.ARRIVING),
}


@pytest.mark.parametrize(
    ("line", "is_file"),
    [
        (b"PATCH /api/metricool/files/AbCdEf_0123456789-xyz HTTP/1.1", True),
        (b"POST /api/metricool/files/AbCdEf_0123456789-xyz HTTP/1.1", False),
        (b"POST /api/metricool/files/AbC HTTP/1.1\r\nX-HTTP-Method-Override: PATCH", True),
        (b"POST /api/metricool/files/AbC HTTP/1.1\r\nX-HTTP-Method-Override: DELETE", False),
        (b"PATCH /api/metricool/files/a/../../publish/stories HTTP/1.1", False),
        (b"PATCH /api/metricool/publish/stories HTTP/1.1", False),
        (b"PATCH /x?/api/metricool/files/AbCdEf0123456789 HTTP/1.1", False),
    ],
)
def test_only_bytes_of_a_file_may_take_their_time(line: bytes, is_file: bool):
    said = line + b"\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"

    arrival = arrived(said, [])

    assert (arrival.stage, arrival.is_file) == (Stage.LONG, is_file)


def test_a_file_has_time_for_as_long_as_it_keeps_coming():
    pace = Pace(now=100.0)
    enough = int(WINDOW_S * LEAST_BYTES_A_SECOND)

    assert pace.over_at == 100.0 + WINDOW_S
    assert pace.after(enough - 1, 110.0) == 100.0 + WINDOW_S
    assert pace.after(1, 111.0) == 111.0 + WINDOW_S
    assert pace.after(0, 130.0) == 111.0 + WINDOW_S


def arrived(said: bytes, cuts: list[int]) -> Arrival:
    arrival = Arrival()
    places = sorted({min(cut, len(said)) for cut in cuts} | {0, len(said)})
    for begin, end in pairwise(places):
        arrival.take(said[begin:end])
        if arrival.stage is not Stage.ARRIVING:
            arrival.said += said[end:]
            break
    return arrival


@pytest.mark.parametrize("name", REQUESTS)
def test_each_request_is_what_it_is_at_once_and_byte_by_byte(name: str):
    said, stage = REQUESTS[name]

    assert arrived(said, []).stage is stage
    assert arrived(said, list(range(len(said)))).stage is stage


@given(
    st.sampled_from(sorted(REQUESTS)), st.lists(st.integers(0, 120)), st.sampled_from([b"", NEXT])
)
@settings(max_examples=300, deadline=None)
def test_a_cut_changes_nothing_and_no_byte_is_lost(name: str, cuts: list[int], following: bytes):
    said, stage = REQUESTS[name]
    if stage is Stage.ARRIVING:
        following = b""  # it would be the rest of this one

    arrival = arrived(said + following, cuts)

    assert arrival.stage is stage
    assert bytes(arrival.said) == (said + following).removeprefix(b"\r\n")


def test_whoever_waits_for_a_go_ahead_is_told_once_and_expects_nothing_afterwards():
    arrival = Arrival()
    arrival.take(HEAD + b"Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n")

    assert arrival.asks_first
    assert bytes(arrival.said) == HEAD + b"Content-Length: 3\r\n\r\n"
    assert arrival.take(b"abc") is Stage.WHOLE


def test_an_expectation_that_nobody_knows_is_left_for_gunicorn_to_refuse():
    arrival = Arrival()
    arrival.take(HEAD + b"Expect: tea\r\n\r\n")

    assert not arrival.asks_first
    assert b"Expect: tea" in arrival.said


def test_chunks_are_collected_up_to_a_bound_and_small_ones_count_with_their_framing():
    arrival = Arrival()
    arrival.take(CHUNKED)
    while arrival.stage is Stage.ARRIVING:
        arrival.take(b"1\r\na\r\n")

    assert arrival.stage is Stage.LONG
    assert len(arrival.said) < len(CHUNKED) + BODY_BYTES + 20


def test_a_head_that_does_not_end_is_too_big():
    arrival = Arrival()
    arrival.take(HEAD)
    while arrival.stage is Stage.ARRIVING:
        arrival.take(b"X-More: " + b"x" * 1000 + b"\r\n")

    assert arrival.stage is Stage.TOO_BIG
    assert len(arrival.said) < HEAD_BYTES + 2000
