"""Bad requests by name, with the status that each gets."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from tests.web.conftest import PUBLISH, good
from tests.web.test_bad_input import BAD_JSON, BAD_KEYS, BAD_TYPES, JSON, UNPROCESSABLE, at

API = "/api/metricool"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
OTHERS = "{theirs}"  # stands for another user's batch
OURS = {"Origin": "http://localhost"}
NO_KEY: dict[str, str] = {"X-Api-Key": ""}


@dataclass(frozen=True)
class Bad:
    """A request and what it gets; it comes with a good key unless `headers` say otherwise."""

    status: int
    verb: str = "POST"
    path: str = PUBLISH
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    more: dict[str, Any] = field(default_factory=dict)


def _sent(status: int, body: bytes, **headers: str) -> Bad:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Bad(status, headers={"Content-Type": JSON, **named}, body=body)


def _got(status: int, path: str, **headers: str) -> Bad:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Bad(status, "GET", path, named)


def _scheduled(**schedule: Any) -> Bad:
    return _sent(422, at("/schedule", {"mode": "scheduled", **schedule}))


def _best_time(**schedule: Any) -> Bad:
    return _sent(422, at("/schedule", {"mode": "bestTime", **schedule}))


def _from(url: str) -> Bad:
    return _sent(422, at("/posts/0/url", url))


GOOD = json.dumps(good()).encode()
IN_MADRID = {"timezone": "Europe/Madrid"}

BODY = {
    **{name: _sent(422, body) for name, (body, _) in UNPROCESSABLE.items()},
    **{name: _sent(400, body) for name, body in BAD_JSON.items()},
    "a body of more than a mebibyte": _sent(413, GOOD.ljust(1024 * 1024 + 1)),
    "a chunked body of two mebibytes": Bad(
        413,
        headers={"Content-Type": JSON, "Transfer-Encoding": "chunked"},
        more={
            "input_stream": BytesIO(GOOD.ljust(2 * 1024 * 1024)),
            "environ_overrides": {"wsgi.input_terminated": True},
        },
    ),
}
TIME = {
    "a time of yesterday": _scheduled(scheduledAt="2026-11-30T12:00:00Z"),
    "a time of this moment": _scheduled(scheduledAt="2026-12-01T12:00:00Z"),
    "a time in two years": _scheduled(scheduledAt="2028-12-01T12:00:00Z"),
    "a time of the year 9999": _scheduled(scheduledAt="9999-12-31T23:59:59Z"),
    "a time of the year 10000": _scheduled(scheduledAt="10000-01-01T00:00:00Z"),
    "a time without a zone": _scheduled(scheduledAt="2026-12-24T18:00:00"),
    "a zone that does not exist": _scheduled(
        scheduledAt="2026-12-24T18:00:00", timezone="Mars/Olympus"
    ),
    "a zone that is a path": _scheduled(
        scheduledAt="2026-12-24T18:00:00", timezone="../../etc/passwd"
    ),
    "a zone with NUL": _scheduled(scheduledAt="2026-12-24T18:00:00", timezone="Europe/\0"),
    "a zone as a number": _scheduled(scheduledAt="2026-12-24T18:00:00", timezone=1),
    "a time that the clocks skip": _scheduled(scheduledAt="2027-03-28T02:30:00", **IN_MADRID),
    "a time that is there twice": _scheduled(scheduledAt="2027-10-31T02:30:00", **IN_MADRID),
    "a date without a time": _scheduled(scheduledAt="2026-12-24", **IN_MADRID),
    "a time as seconds since 1970": _scheduled(scheduledAt=1798131600, **IN_MADRID),
    "a time as seconds in a text": _scheduled(scheduledAt="1798131600", **IN_MADRID),
    "the 30th of February": _scheduled(scheduledAt="2027-02-30T12:00:00Z"),
    "the 25th hour": _scheduled(scheduledAt="2026-12-24T25:00:00Z"),
    "an offset of four days": _scheduled(scheduledAt="2026-12-24T12:00:00+99:00"),
    "a time in Arabic digits": _scheduled(scheduledAt="٢٠٢٦-12-24T18:00:00Z"),
    "a time null": _scheduled(scheduledAt=None),
    "a time left out": _scheduled(),
    "minutes below zero": _scheduled(scheduledAt="2026-12-24T18:00:00Z", intervalMinutes=-1),
    "minutes beyond all bounds": _scheduled(
        scheduledAt="2026-12-24T18:00:00Z", intervalMinutes=10**9
    ),
    "minutes in a text": _scheduled(scheduledAt="2026-12-24T18:00:00Z", intervalMinutes="1"),
    "minutes true": _scheduled(scheduledAt="2026-12-24T18:00:00Z", intervalMinutes=True),
    "an unknown distribution": _best_time(distribution="random", **IN_MADRID),
    "within no days": _best_time(distribution="spread", withinDays=0, **IN_MADRID),
    "within a million days": _best_time(distribution="spread", withinDays=10**6, **IN_MADRID),
    "best time with a date": _best_time(scheduledAt="2026-12-24T18:00:00Z", **IN_MADRID),
    "best time in no zone": _best_time(distribution="spread", timezone=""),
}
URL = {
    f"url {url}": _from(url)
    for url in (
        "ftp://cdn.example.com/1.mp4",
        "file:///etc/passwd",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "//cdn.example.com/1.mp4",
        "https:cdn.example.com/1.mp4",
        "https:///1.mp4",
        "https://user@cdn.example.com/1.mp4",
        "https://localhost/1.mp4",
        "https://localhost./1.mp4",
        "https://10.0.0.1/1.mp4",
        "https://192.168.1.1/1.mp4",
        "https://172.16.0.1/1.mp4",
        "https://100.64.0.1/1.mp4",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/1.mp4",
        "https://127.0.0.1./1.mp4",
        "https://0x7f000001/1.mp4",
        "https://0177.0.0.1/1.mp4",
        "https://2130706433/1.mp4",
        "https://①②⑦.⓪.⓪.①/1.mp4",
        "https://[::1]/1.mp4",
        "https://[::ffff:127.0.0.1]/1.mp4",
        "https://[64:ff9b::7f00:1]/1.mp4",
        "https://[2002:7f00:1::]/1.mp4",
        "https://[fe80::1%25eth0]/1.mp4",
        "https://[fd00::1]/1.mp4",
        "https://224.0.0.1/1.mp4",
        "https://cdn.example.com:99999/1.mp4",
        "https://cdn.example.com\\@127.0.0.1/1.mp4",
        " https://cdn.example.com/1.mp4",
    )
}
AUTH = {
    "no key": Bad(401, headers=NO_KEY | {"Content-Type": JSON}, body=GOOD),
    "a key that is none": _sent(401, GOOD, X_Api_Key="sc_0123456789ab_" + "A" * 43),
    "a key of 5,000 characters": _sent(401, GOOD, X_Api_Key="k" * 5000),
    "a key with an accent": _sent(401, GOOD, X_Api_Key="ñ"),
    "a key that is SQL": _sent(401, GOOD, X_Api_Key="' OR 1=1 --"),
    "a bearer of nothing": Bad(
        401, headers=NO_KEY | {"Authorization": "Bearer ", "Content-Type": JSON}, body=GOOD
    ),
    "basic authentication": Bad(
        401, headers=NO_KEY | {"Authorization": "Basic YTpi", "Content-Type": JSON}, body=GOOD
    ),
    "a key in the query": Bad(401, "GET", f"{API}/batches?key={{key}}", NO_KEY),
    "a made-up session": Bad(401, "GET", f"{API}/batches", NO_KEY | {"Cookie": "storyclip=x"}),
    "a key that may only read": _sent(403, GOOD, X_Api_Key="{reader}"),
    "a key for another account": _sent(403, GOOD, X_Api_Key="{limited}"),
    "a key that has expired": _sent(401, GOOD, X_Api_Key="{expired}"),
    "a key that was revoked": _sent(401, GOOD, X_Api_Key="{revoked}"),
    "somebody else's batches": _got(403, f"{API}/batches?userId=bea"),
    "somebody else's status": _got(404, f"{API}/status?batchId={OTHERS}"),
    "somebody else's batch": _got(404, f"{API}/batch/{OTHERS}"),
    "somebody else's stream": _got(404, f"{API}/stream?batchId={OTHERS}"),
    "signing in with no key": Bad(
        422, path="/session", headers=OURS | {"Content-Type": JSON}, body=b"{}"
    ),
    "signing in with a bad key": Bad(
        401, path="/session", headers=OURS | {"Content-Type": JSON}, body=b'{"apiKey": "nonsense"}'
    ),
    "signing in by a form": Bad(415, path="/session", headers=OURS, body=b"apiKey=x"),
    "signing in from another page": Bad(
        403, path="/session", headers={"Origin": "https://evil.example.com"}, body=b"{}"
    ),
    "signing in and not saying where from": Bad(403, path="/session", body=b"{}"),
    "signing in by a made-up link": _got(401, "/signin?token=x"),
}
IDEMPOTENCY = {
    **{name: _sent(400, GOOD, Idempotency_Key=key) for name, key in BAD_KEYS.items()},
    "an Idempotency-Key with a tab": _sent(400, GOOD, Idempotency_Key="a\tb"),
    "an Idempotency-Key of another body": _sent(
        422, json.dumps(good(2)).encode(), Idempotency_Key="used"
    ),
}
STREAMS = {
    "a stream of no batch": _got(422, f"{API}/stream?batchId="),
    "a stream of an unknown batch": _got(404, f"{API}/stream?batchId={UNKNOWN}"),
    "a stream of a batch with NUL": _got(404, f"{API}/stream?batchId=%00"),
    "a stream of a batch that is SQL": _got(404, f"{API}/stream?batchId=%27%20OR%201=1--"),
    "a stream after nonsense": _got(400, f"{API}/stream?after=nonsense"),
    "a stream after minus one": _got(400, f"{API}/stream?batchId={{ours}}&after=-1"),
    "a stream after what is to come": _got(400, f"{API}/stream?batchId={{ours}}&after=99"),
    "a stream after 5,000 digits": _got(400, f"{API}/stream?batchId={{ours}}&after=" + "9" * 5000),
    "a stream after Arabic digits": _got(400, f"{API}/stream?batchId={{ours}}&after=%D9%A1"),
    "a Last-Event-ID of nonsense": _got(400, f"{API}/stream", Last_Event_ID="x-y-z"),
    "a made-up ticket": Bad(401, "GET", f"{API}/stream?ticket=x.y", NO_KEY),
    "an empty ticket": Bad(401, "GET", f"{API}/stream?ticket=", NO_KEY),
    "a key as a ticket": Bad(401, "GET", f"{API}/stream?ticket={{key}}", NO_KEY),
    "a WebSocket without an upgrade": _got(400, f"{API}/ws?batchId={{ours}}"),
    "a stream by POST": Bad(405, path=f"{API}/stream"),
    "a ticket by GET": _got(405, f"{API}/stream-ticket"),
}
HTTP = {
    **{
        name: Bad(415, headers=headers, body=GOOD)
        for name, headers in BAD_TYPES.items()
        if name != "compressed"
    },
    "a compressed body": Bad(415, headers=BAD_TYPES["compressed"], body=gzip.compress(GOOD)),
    "an unknown path": _got(404, "/nowhere"),
    "an unknown path of the API": _got(404, f"{API}/nowhere"),
    "a path with NUL": _got(404, "/%00"),
    "a path that is no UTF-8": _got(404, "/%ff%fe"),
    "a path upwards": _got(404, "/docs/..%2f..%2fapp.py"),
    "a path of 5,000 characters": _got(404, f"{API}/batch/" + "x" * 5000),
    "a slash too many": _got(404, f"{API}/status/?batchId={{ours}}"),
    "GET where one publishes": _got(405, PUBLISH),
    "PUT where one publishes": Bad(405, "PUT", body=GOOD),
    "DELETE of a batch": Bad(405, "DELETE", f"{API}/batch/{{ours}}"),
    "TRACE": Bad(405, "TRACE", f"{API}/batches"),
    "a verb that is none": Bad(405, "BREW", f"{API}/batches"),
    "a status of nothing": _got(422, f"{API}/status"),
    "a status of an empty id": _got(422, f"{API}/status?batchId="),
    "a status of an unknown id": _got(404, f"{API}/status?batchId={UNKNOWN}"),
    "a page of none": _got(422, f"{API}/batches?limit=0"),
    "a page of minus one": _got(422, f"{API}/batches?limit=-1"),
    "a page of 201": _got(422, f"{API}/batches?limit=201"),
    "a page of a word": _got(422, f"{API}/batches?limit=ten"),
    "a page of nothing": _got(422, f"{API}/batches?limit="),
    "a page of Arabic digits": _got(422, f"{API}/batches?limit=%D9%A1"),
    "a made-up cursor": _got(422, f"{API}/batches?cursor=nonsense"),
    "a cursor that is no base64": _got(422, f"{API}/batches?cursor=%F0%9F%8E%AC"),
    "batches of an unknown status": _got(422, f"{API}/batches?status=lost"),
}
BAD = {**BODY, **TIME, **URL, **AUTH, **IDEMPOTENCY, **STREAMS, **HTTP}
