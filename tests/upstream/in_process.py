"""A sandbox in this process for the client's own code: both of its lines, and time that stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from storyclip.domain.errors import UpstreamUnanswered
from storyclip.domain.upload_errors import (
    PartNotSent,
)
from storyclip.domain.upload_url import objection_to_upload_url
from storyclip.sandbox import in_process
from storyclip.sandbox.answers import Wire
from storyclip.sandbox.in_process import Sandbox
from storyclip.upstream.exchange import Answer, Request
from storyclip.upstream.metricool import Metricool
from tests.sandbox.here import NOON_MS

Gap = Callable[[str], None]  # told where the process is: it may raise


class Carried:
    """Carries calls to Metricool."""

    def __init__(self, sandbox: Sandbox, gap: Gap) -> None:
        self._sandbox = sandbox
        self._gap = gap

    def ask(self, request: Request, over_at: float) -> Answer:
        self._gap(f"before {request.method}")
        body = b"" if request.body is None else json.dumps(request.body).encode()
        theirs = in_process.Request(
            request.method, f"/api{request.path}", request.query, request.headers, body
        )
        answer = _told(in_process.ask(self._sandbox, theirs))
        self._gap(f"after {request.method}")
        if answer is None:
            raise UpstreamUnanswered("no complete answer from Metricool")
        return answer

    def tell(self, request: Request, over_at: float, *_: Any) -> Answer:
        return self.ask(request, over_at)

    def stop(self) -> None:
        """Nothing goes on by itself here."""


class CarriedParts:
    """Carries parts to its S3."""

    def __init__(self, sandbox: Sandbox, gap: Gap) -> None:
        self._sandbox = sandbox
        self._gap = gap

    def objection_to(self, url: str) -> str | None:
        return objection_to_upload_url(url)

    def put(
        self, url: str, headers: Mapping[str, str], blocks: Iterable[bytes], over_at: float
    ) -> Answer:
        self._gap("before part")
        answer = _told(in_process.put_part(self._sandbox, url, headers, b"".join(blocks)))
        self._gap("after part")
        if answer is None:
            raise PartNotSent("the part did not arrive")
        return answer

    def stop(self) -> None:
        """Nothing goes on by itself here."""


def metricool_in(sandbox: Sandbox, gap: Gap = lambda _: None) -> Metricool:
    """A client of this sandbox, over no line at all."""
    exchange, parts = Carried(sandbox, gap), CarriedParts(sandbox, gap)
    return Metricool(
        "https://app.metricool.com/api",
        "sandbox-token",
        "1",
        20,
        exchange,
        lambda: (sandbox.clock.now_ms() - NOON_MS) / 1000,
        parts=parts,
    )


def _told(answer: in_process.Answer) -> Answer | None:
    if answer.wire is Wire.DROPPED:
        return None
    headers = {name.title(): value for name, value in answer.headers.items()}
    return Answer(answer.status, headers, answer.body, has_marked_end=True)
