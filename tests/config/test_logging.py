"""Every line is one JSON object, whoever writes it, and holds no secret."""

import io
import json
import logging
import warnings

import pytest
import structlog

from config.logging import SecretsMasked, configure

API_KEY = "sc_k7f3_" + "x" * 43


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.contextvars.clear_contextvars()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_are_json_off_a_terminal():
    stream = io.StringIO()
    configure(stream=stream)

    structlog.get_logger("storyclip.flow").info("sent", batch_id="b1", took_s=0.25)

    (line,) = lines(stream)
    assert line["timestamp"].endswith("Z")
    assert line | {"timestamp": None} == {
        "event": "sent",
        "batch_id": "b1",
        "took_s": 0.25,
        "level": "info",
        "logger": "storyclip.flow",
        "timestamp": None,
    }


def test_lines_are_readable_on_a_terminal():
    stream = Terminal()
    configure(stream=stream)

    structlog.get_logger().info("sent")

    assert "sent" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize(("log_format", "starts_as_json"), [("json", True), ("console", False)])
def test_the_format_asked_for_beats_the_terminal(log_format, starts_as_json):
    stream = Terminal() if log_format == "json" else io.StringIO()
    configure(log_format=log_format, stream=stream)

    structlog.get_logger().info("sent")

    assert stream.getvalue().startswith("{") is starts_as_json


def test_what_is_below_the_level_is_not_written():
    stream = io.StringIO()
    configure("warning", stream=stream)

    structlog.get_logger().info("sent")
    logging.getLogger("somebody.else").info("connected")

    assert stream.getvalue() == ""


def test_other_peoples_lines_look_like_ours():
    stream = io.StringIO()
    configure(stream=stream)

    logging.getLogger("werkzeug").warning("retrying %s", "once", extra={"clip": 3})

    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["clip"]) == ("retrying once", "werkzeug", 3)


def test_warnings_are_lines_too():
    stream = io.StringIO()
    configure(stream=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", stacklevel=1)

    assert "old" in lines(stream)[0]["event"]


def test_a_second_call_replaces_the_first():
    first, second = io.StringIO(), io.StringIO()
    configure(stream=first)
    configure(stream=second)

    structlog.get_logger().info("sent")

    assert first.getvalue() == ""
    assert len(lines(second)) == 1


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_gets_out_by_any_way(log_format):
    stream = io.StringIO()
    configure(log_format=log_format, secrets=["the-token-of-metricool"], stream=stream)
    log = structlog.get_logger()

    log.info(f"called with {API_KEY}", headers={"X-Mc-Auth": "the-token-of-metricool"})
    logging.getLogger("werkzeug").warning("sent %s", "the-token-of-metricool")
    try:
        raise ValueError(f"refused {API_KEY} the-token-of-metricool")
    except ValueError:
        log.exception("failed", reason=ValueError("the-token-of-metricool"))

    assert "sent ***" in stream.getvalue()
    assert "the-token-of-metricool" not in stream.getvalue().replace(
        'raise ValueError(f"refused {API_KEY} the-token-of-metricool")', ""
    )
    assert "x" * 43 not in stream.getvalue()


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        (API_KEY, "sc_k7f3_***"),
        (f"Bearer {API_KEY}!", "Bearer sc_k7f3_***!"),
        (
            "https://h/a.mp4?X-Amz-Signature=12ab&part=1",
            "https://h/a.mp4?X-Amz-Signature=***&part=1",
        ),
        ("/api/metricool/stream?ticket=abc.def", "/api/metricool/stream?ticket=***"),
        (f"signs with whsec_{'Ab+/' * 11}= since", "signs with whsec_*** since"),
        ("sent storyclip=f00dcafe; Path=/", "sent storyclip=***; Path=/"),
        ("__Host-storyclip=f00dcafe", "__Host-storyclip=***"),
        ("postgresql://ana:hush@db/storyclip?x=1", "postgresql://ana:***@db/storyclip?x=1"),
        ("unix://:hush@/data/redis.sock?db=0", "unix://:***@/data/redis.sock?db=0"),
        ("https://cdn/a.mp4", "https://cdn/a.mp4"),
        ("http://h:8000/a@b", "http://h:8000/a@b"),
        ("X-Amz-Signature=12ab", "X-Amz-Signature=***"),
        (
            "/probe?url=https%3A%2F%2Fh%2Fa%3FX-Amz-Signature%3D12ab%26part%3D1",
            "/probe?url=https%3A%2F%2Fh%2Fa%3FX-Amz-Signature%3D***%26part%3D1",
        ),
        ("https://h/a?X-Goog-Credential=a%2Fb&n=1", "https://h/a?X-Goog-Credential=***&n=1"),
        ("bearer f00dcafe-f00dcafe.", "bearer ***"),
        ("the bearer of news", "the bearer of news"),
        ("access_token=f00dcafe&x=1", "access_token=***&x=1"),
        ("/signin?token=f00dcafe", "/signin?token=***"),
        ("short", "***"),
        ("shortly", "shortly"),
        (["long-secret-word", 1, None, True], ["***", 1, None, True]),
        ({"a": {"b": ("in long-secret-word",)}}, {"a": {"b": ["in ***"]}}),
        ("sc_counter_total", "sc_counter_total"),
        (2.5, 2.5),
    ],
)
def test_what_is_masked_and_what_is_not(value, masked):
    assert SecretsMasked(["short", "long-secret-word", ""]).masked(value) == masked


@pytest.mark.parametrize(
    "value",
    [
        {"X-Mc-Auth": "f00dcafe"},
        {"authorization": "Bearer f00dcafe"},
        {"headers": {"X-Api-Key": "f00dcafe"}},
        {b"X-Api-Key": b"f00dcafe"},
        {"user_token": ["f00dcafe"]},
        {"Cookie": "sid=f00dcafe; b=f00dcafe"},
        [("X-Mc-Auth", "f00dcafe"), ("Accept", "*/*")],
        "X-Mc-Auth: f00dcafe",
        "x-api-key:f00dcafe\r\nAccept: */*",
        "Authorization: Bearer f00dcafe",
        "Authorization: Basic f00dcafe",
        "https://h/api?userToken=f00dcafe&userId=1",
        "userToken=f00dcafe",
        "{'X-Mc-Auth': 'f00dcafe', 'Accept': '*/*'}",
        '{"userToken": "f00dcafe"}',
        "[(b'X-Mc-Auth', b'f00dcafe')]",
    ],
)
def test_what_stands_under_a_secret_name_is_masked_though_nobody_told_its_value(value):
    masked = str(SecretsMasked().masked(value))

    assert "f00dcafe" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "name", ["authorization", "X_Api_Key", "userToken", "metricool_user_token"]
)
def test_a_line_s_own_field_of_a_secret_name_is_masked(name):
    stream = io.StringIO()
    configure(log_format="json", stream=stream)

    structlog.get_logger().info("called", **{name: "f00dcafe"})

    assert lines(stream)[0][name] == "***"


@pytest.mark.parametrize(
    "value",
    [
        "no authorization was sent",
        {"user_id": "ana", "accept": "a:b"},
        ["clip", "c1"],
        {"authorization": None},
        "X-Mc-Authority: nobody",
        "2026-12-01T12:00:00Z",
    ],
)
def test_innocent_words_near_a_secret_name_stay(value):
    assert SecretsMasked().masked(value) == value
