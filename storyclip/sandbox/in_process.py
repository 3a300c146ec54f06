"""The sandbox without HTTP: one thread, virtual time, thousands of calls a second.

    sandbox = in_process.start(from_rfc3339("2026-12-01T12:00:00Z"))
    answer = in_process.ask(sandbox, Request("GET", "/api/v2/scheduler/posts/310000001", …))

World, faults and answers are those of the HTTP front, byte for byte; only time is the caller's.
`sandbox.clock` stands still until `advance` or `freeze`, and `next_at_ms` tells when something is
due by itself. Nobody waits in here: an answer says in `wait_s` and `drip_s` how long it travels,
and one with `Wire.LATER` becomes the answer, in place, when the clock is past `handled_at_ms` and
somebody calls `catch_up` or `ask`. A caller who gives up before just lets go of it: what it asked
for is done all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from storyclip.sandbox.answers import Answer, Wire
from storyclip.sandbox.api import handle
from storyclip.sandbox.calls import CallLog
from storyclip.sandbox.clock import Clock
from storyclip.sandbox.faults import Faults
from storyclip.sandbox.ledger import AnyLedger, MemoryLedger
from storyclip.sandbox.publishing import Rules
from storyclip.sandbox.request import Request
from storyclip.sandbox.s3 import Put
from storyclip.sandbox.s3 import put_part as s3_put
from storyclip.sandbox.service import TOKEN, USER_ID, Sandbox, build

__all__ = [
    "Answer",
    "Request",
    "Rules",
    "Sandbox",
    "Wire",
    "ask",
    "handle",
    "next_at_ms",
    "put_part",
    "start",
]


def start(
    at_ms: int,
    rules: Rules | None = None,
    *,
    faults: Iterable[Mapping[str, Any]] = (),
    brands: int | None = None,
    token: str = TOKEN,
    user_id: int = USER_ID,
    ledger: AnyLedger | None = None,
) -> Sandbox:
    """A sandbox whose clock stands at `at_ms`; a ledger in memory unless given one.

    Raises:
        ValueError: a fault that makes no sense.
    """
    clock = Clock(at_ms)
    switched_on = Faults()
    for spec in faults:
        switched_on.add(spec)
    return build(
        clock,
        MemoryLedger() if ledger is None else ledger,
        rules or Rules(),
        faults=switched_on,
        calls=CallLog(lambda: clock.now_ms() / 1000),
        brands=brands,
        token=token,
        user_id=user_id,
    )


def ask(sandbox: Sandbox, request: Request) -> Answer:
    """Let happen what is due, then answer one call at the clock's time."""
    return handle(sandbox, request, sandbox.catch_up())


def put_part(sandbox: Sandbox, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send a part to S3 under its presigned URL, at the clock's time."""
    parts = urlsplit(url)
    put = Put(parts.path, dict(parse_qsl(parts.query)), headers)
    return s3_put(sandbox, put, body, sandbox.catch_up())


def next_at_ms(sandbox: Sandbox) -> int | None:
    """The soonest moment at which something happens by itself; None: nothing is under way."""
    return sandbox.world.agenda.next_at_ms()
