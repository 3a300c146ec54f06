from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.domain.errors import RetrySafety
from storyclip.upstream.network_errors import classify_network_error

OPEN = [
    # really seen in posts
    "Code: 500 Please reduce the amount of data you're asking for, then retry your request",
    "Code: 500 Internal Server Error",
    "Request timed out",
    "Code: 503 Service Unavailable",
    "(#2) Service temporarily unavailable",
    # as other clothes would have it
    "CODE: 500 PLEASE REDUCE THE AMOUNT OF DATA YOU'RE ASKING FOR",
    "internal server error",
    "InternalError",
    "code=503",
    '{"error": {"code": 1, "message": "An unknown error occurred"}}',
    '{"error": {"message": "(#-1) Fatal", "type": "OAuthException", "code": -1}}',
    "HTTP 502",
    "HTTP/1.1 504 Gateway Time-out",
    "status code 500",
    "502 Bad Gateway",
    "nginx: 504 gateway timeout",
    "The operation timed out",
    "java.net.SocketTimeoutException: Read timed out",
    "connect ETIMEDOUT 157.240.1.1:443",
    "read ECONNRESET",
    "Connection reset by peer",
    "socket hang up",
    "context deadline exceeded",
    "An unexpected error has occurred. Please retry your request later.",
    "Something went wrong",
    "Please try again later.",
    "Temporarily unavailable",
    "Unknown error",
    "Error while publishing (-1/2207001)",
    "Code: 1",
    "(#1) An unknown error occurred",
    "error code 2",
    "-2/2207003 took too long to download the media",
    "(-1/2207032) create media fail",
    "-1/2207053",
    "2207082",
    "24/2207008 The media builder does not exist",
    "24/2207006",
    "9007/2207027 The media is not ready to be published",
    "9004/2207052 The media could not be fetched",
    "Facebook (#1363030)",
    "1363019", "1363047", "1609010",
    '{"code": 506, "message": "Duplicate status message"}',
    "(#1) error_subcode: 1366051",
    "This story was already posted",
    # what would be sure without the other half of the sentence
    "Request timed out while checking the access token",
    "(#4) Application request limit reached (HTTP 500)",
    "code 190: internal server error",
    "9/2207042 gateway timeout",
    "The video may have been published: permission to see it is missing",
    # nothing that anybody knows
    "",
    "no",
    "Page gone",
    "Media not ready",
    "post 122070010 is not there",
    "code 77777",
    "Se ha producido un error inesperado",
    "código: ٥٠٠",
    "Code: ١٩٠ ٢٢٠٧٠٠٤",
]  # fmt: skip
REFUSED = [
    "code 4, subcode 2207051",
    "(#4) Action blocked, 2207051: please try again later",
    "25/2207050",
    "(#100) Invalid parameter",
    "(#100) Invalid parameter: unknown field",
    "352 / 2207026",
    "Error 36003/2207009: aspect ratio",
    "CODE: 36000",
    "Instagram: this account is restricted",
    "ACCOUNT HAS BEEN RESTRICTED",
    "It looks like spam",
    "1404078",
]
UNPUBLISHED = [
    "code 4",
    "(#4) Application request limit reached. Please try again later.",
    "(#32) Page request limit reached",
    "code: 613",
    "(#80004) There have been too many calls",
    "9/2207042",
    "2207020 The container is expired",
    "Error validating access token (code 190, subcode 463)",
    "error validating ACCESS TOKEN: session has expired",
    "(#10) Application does not have permission for this action",
    "(#200) Requires pages_manage_posts",
    "There is no instagram connection for blog: 123",
    "You have to reconnect your account",
    "max characters allowed: 0, got 100",
    "Video not available",
    "Unsupported video format",
    "The video is too long",
    "Bad video codec: HEVC",
    "Code: 6000",
]


@pytest.mark.parametrize("words", OPEN)
def test_words_that_leave_it_open_are_looked_into_first(words):
    assert classify_network_error(words) is RetrySafety.CHECK_FIRST


@pytest.mark.parametrize("words", REFUSED)
def test_what_would_be_refused_again_is_not_asked_for_again(words):
    assert classify_network_error(words) is RetrySafety.NEVER


@pytest.mark.parametrize("words", UNPUBLISHED)
def test_what_was_surely_not_published_may_be_asked_for_again(words):
    assert classify_network_error(words) is RetrySafety.SAFE


@pytest.mark.parametrize("words", [*UNPUBLISHED, *REFUSED])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_capitals_prove_nothing(words, case):
    assert classify_network_error(case(words)) is classify_network_error(words)


@given(st.text(), st.sampled_from(UNPUBLISHED), st.sampled_from(["timed out", "Code: 503"]))
def test_a_time_out_or_server_error_anywhere_leaves_it_open(between, sure, open_words):
    for words in (f"{sure} {between} {open_words}", f"{open_words} {between} {sure}"):
        assert classify_network_error(words) is not RetrySafety.SAFE
