"""Event streams as the standard has them, however the bytes were cut up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.terminal.sse import Message, Parser

STREAM = (
    "\ufeff: a comment\r\nretry: 2000\r\n"
    "event: snapshot\r\ndata: {\r\ndata:  é✓🎬\r\ndata:}\r\n\r\n"
    "id: 1\ndata: one\n\n:\nid: 2\rdata\r\rdata: three\n\n"
    "event: end\n\nid\ndata: x\n\nid: 9\ndata: cut"
).encode()
MESSAGES = [
    Message("snapshot", "{\n é✓🎬\n}", ""),
    Message("message", "one", "1"),
    Message("message", "", "2"),
    Message("message", "three", "2"),
    Message("message", "x", ""),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_messages_are_the_same_wherever_the_bytes_are_cut(cuts):
    parser = Parser()
    heard: list[Message] = []
    places = [0, *sorted(cuts), len(STREAM)]

    for begin, end in pairwise(places):
        heard += parser.feed(STREAM[begin:end])

    assert heard == MESSAGES
    assert parser.retry_ms == 2000


def test_the_last_id_outlives_the_connection():
    assert list(Parser("7").feed(b"data: x\n\n")) == [Message("message", "x", "7")]


@pytest.mark.parametrize(
    ("lines", "last_id", "retry_ms"),
    [
        (b"id: a\0b\n", "0", None),
        (b"retry: soon\n", "0", None),
        (b"retry: \xd9\xa3\n", "0", None),
        (b"retry:15\nid:4\n", "4", 15),
        (b"unknown: 1\n", "0", None),
    ],
)
def test_fields_that_count_and_fields_that_do_not(lines, last_id, retry_ms):
    parser = Parser("0")

    assert list(parser.feed(lines + b"data: x\n\n")) == [Message("message", "x", last_id)]
    assert parser.retry_ms == retry_ms
