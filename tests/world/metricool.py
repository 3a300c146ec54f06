"""Metricool in the same process: the sandbox's own model, its habits decided by choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from storyclip.sandbox.api import handle
from storyclip.sandbox.calls import CallLog
from storyclip.sandbox.clock import Clock, from_rfc3339
from storyclip.sandbox.faults import Fault, Faults, Subject
from storyclip.sandbox.ledger import Line
from storyclip.sandbox.posts import Post
from storyclip.sandbox.publishing import Rules
from storyclip.sandbox.request import Request
from storyclip.sandbox.service import Sandbox, build
from tests.world import heart, times
from tests.world.choices import kind_of
from tests.world.record import Live, Sent
from tests.world.world import World

OPEN_WORDS = (
    "Code: 500 Internal Server Error",
    "Request timed out",
    "Code: 503 Service Unavailable",
    "Code: 500 Please reduce the amount of data you're asking for, then retry your request",
)
PLAIN_WORDS = ("Error validating access token", "(#2207026) unsupported format")
PUBLISH_DELAY_MS = 5_000


class Metricool:
    """The model, the moments of the world beside its own clock, and whose each post is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ahead_us = round(world.scenario.metricool_ahead_s * 1e6)
        self._epoch_ms = times.epoch_ms()
        clock = Clock(self.now_ms())
        self._out_nevertheless: set[str] = set()  # called failed, and live
        self._next_is_out = False
        self.refused_until_us: dict[str, int] = {}  # by account
        self.created: Callable[[str, str], None] = _nobody  # told of each post of ours
        self._asking = ""  # the clip whose POST is being handled
        rules = Rules(publish_delay_ms=PUBLISH_DELAY_MS)
        calls = CallLog(lambda: 0.0)
        fates = Fates(self)
        self.sandbox: Sandbox = build(clock, Ledger(self), rules, faults=fates, calls=calls)

    def now_ms(self) -> int:
        """Return the time by Metricool's clock."""
        return self._epoch_ms + (self.world.hub.now_us + self._ahead_us) // 1000

    def moment_us(self, at_ms: int) -> int:
        """Return the moment of the world when Metricool's clock shows a time."""
        return (at_ms - self._epoch_ms) * 1000 - self._ahead_us

    def catch_up(self) -> int:
        """Let happen what is due upstream; return its time."""
        self.sandbox.clock.freeze(self.now_ms())
        return self.sandbox.catch_up()

    def next_us(self) -> int | None:
        """Return when something happens upstream by itself, None for never."""
        at_ms = self.sandbox.world.agenda.next_at_ms()
        return None if at_ms is None else self.moment_us(at_ms)

    def handle(self, request: heart.Request, about: str, sent: Sent | None) -> heart.Answer:
        """Answer one call now; a POST's outcome is written into `sent`."""
        now_ms = self.catch_up()
        body = b"" if request.body is None else json.dumps(request.body).encode()
        theirs = Request(
            request.method, "/api" + request.path, request.query, request.headers, body
        )
        self._asking, self._next_is_out = about, False
        answer = handle(self.sandbox, theirs, now_ms)
        self._asking = ""
        if sent is not None:
            sent.handled_us = self.world.hub.now_us
        headers = dict(answer.headers)
        if not self.world.scenario.has_date_header:
            headers.pop("Date", None)
        if request.method != "GET":
            self.world.changed()
        return heart.Answer(answer.status, headers, answer.body, has_marked_end=True)

    def post_of(self, path: str) -> Post | None:
        """Return the post that a path names by its id, deleted or not."""
        return self.sandbox.world.peek(path.rpartition("/")[2])

    def written(self, at_ms: int, line: Line) -> None:
        """Keep what the ledger says that the judge needs."""
        record = self.world.record
        event, uuid = line["event"], line["uuid"]
        if event == "created" and self._asking and uuid not in record.owner:
            record.owner[uuid] = self._asking
            if self._next_is_out:
                self._out_nevertheless.add(uuid)
        live = event == "published" or (event == "error" and uuid in self._out_nevertheless)
        if live:
            planned_us = self.moment_us(from_rfc3339(line["plannedFor"]))
            shown = event == "published"
            at_us = self.moment_us(at_ms)
            account, network = line["account"], line["network"]
            record.lives.append(Live(at_us, uuid, planned_us, account, network, shown))
        if record.telling and event != "normalized":
            self._tell(self.moment_us(at_ms), line, live)

    def _tell(self, at_us: int, line: Line, live: bool) -> None:
        record = self.world.record
        whose = record.owner.get(line["uuid"], "somebody's")
        said = f" ({line['detail']})" if line["detail"] else ""
        what = "LIVE" if live else line["event"]
        date = (line["plannedFor"] or "")[5:16]
        record.tell(at_us, "Metricool", f"{what} {whose} post {line['postId']} for {date}{said}")

    def fate(self, name: str, subject: Subject) -> Fault | None:
        """Decide what becomes of a post, or whether media are copied."""
        world, clip = self.world, self._asking
        if name == "list_lags" and world.scenario.list_lag_s:
            return Fault(name, seconds=world.scenario.list_lag_s)
        if not clip or name not in _FATES:
            return None
        taken = world.one_of(clip, _FATES[name], name)
        return None if taken is None else self._fault(name, taken)

    def _fault(self, name: str, taken: str) -> Fault:
        choices = self.world.choices
        kind = kind_of(taken)
        if kind == "long":
            return Fault(name, seconds=choices.between(taken, 10, 240))
        if kind == "date moved":
            return Fault(name, seconds=60.0 * choices.whole(taken, 1, 5))
        if kind == "error":
            return Fault(name, words=choices.pick(taken, PLAIN_WORDS))
        if kind == "open error":
            self._next_is_out = choices.draw(taken + " live") < 0.5
            return Fault(name, words=choices.pick(taken, OPEN_WORDS))
        return Fault(name)


_FATES = {
    "normalize_echo": ("echo",),
    "publishing_for_long": ("long",),
    "awaiting_confirmation": ("awaiting",),
    "unknown_status": ("odd status",),
    "network_error": ("error", "open error"),
    "date_moved": ("date moved",),
    "media_dropped": ("media dropped",),
}


def _nobody(uuid: str, clip: str) -> None:
    """Tell nobody."""


class Fates(Faults):
    """The sandbox's faults, switched on by choice instead of by a control call."""

    def __init__(self, metricool: Metricool) -> None:
        super().__init__()
        self._metricool = metricool

    def take(self, name: str, subject: Subject) -> Fault | None:
        """Return the fault that hits this call, if one does."""
        return self._metricool.fate(name, subject)


class Ledger:
    """The sandbox's ledger, read as it is written."""

    def __init__(self, metricool: Metricool) -> None:
        self._metricool = metricool
        self.last_time_ms = 0

    def append(self, at_ms: int, facts: Iterable[Line]) -> None:
        """Pass on the facts of one moment."""
        self.last_time_ms = max(at_ms, self.last_time_ms)
        for fact in facts:
            self._metricool.written(self.last_time_ms, fact)

    def lines(self) -> list[Line]:
        """Nothing is older than the world."""
        return []
