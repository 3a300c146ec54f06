"""Metricool in the same process: the sandbox's own model, its habits decided by choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from storyclip.sandbox import in_process
from storyclip.sandbox.answers import Answer
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
from tests.world.times import SECOND_US
from tests.world.world import World

OPEN_WORDS = (
    "Code: 500 Internal Server Error",
    "Request timed out",
    "Code: 503 Service Unavailable",
    "Code: 500 Please reduce the amount of data you're asking for, then retry your request",
)
PLAIN_WORDS = ("Error validating access token", "(#2207026) unsupported format")
FATES = {
    "normalize_echo": ("echo",),
    "normalize_same": ("same copy",),
    "media_rehosted": ("rehost",),
    "media_other_in_lists": ("other in lists",),
    "negative_uuid": ("negative uuid",),
    "id_given_again": ("id again",),
    "get_404_after_create": ("late to be found",),
    "publishing_for_long": ("long",),
    "awaiting_confirmation": ("awaiting",),
    "unknown_status": ("odd status",),
    "refuse": ("refused",),
    "network_error": ("error", "open error"),
    "network_error_but_live": ("open error but live",),
    "date_moved": ("date moved",),
    "media_dropped": ("media dropped",),
    "delete_204": ("delete 204",),
    "delete_too_late": ("delete too late",),
    "gone_id_answers": ("odd gone",),
    "get_404": ("single 404",),
    "list_lacks_once": ("list lacks",),
    "uploads_off": ("no uploads",),
    "upload_expires": ("upload expires",),
    "complete_without_url": ("complete without url",),
    "part_refused": ("part refused",),
    "part_busy": ("part busy",),
    "part_etag_bare": ("bare etag",),
}
# What docs/proof.md assumes: a POST that was on its way for longer is shown as it was sent
SHOWN_OTHERWISE_WITHIN_US = 600 * SECOND_US
OTHERWISE = frozenset(("media_rehosted", "media_other_in_lists"))
HABITS = frozenset(("list_lags", "no_date", "list_paged", "deleted_undated"))
REHOST_THE_ECHOED = "rehost the echoed"  # comes in the place of "rehost"


class Metricool:
    """The model at the world's time, and whose each of its posts is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused_until_us: dict[str, int] = {}  # by account
        self.created: Callable[[str, str], None] = _nobody  # told of each post of ours
        self.ended: Callable[[str, str], None] = _nobody  # of one that failed, or that we deleted
        self.handled: Callable[[str, str], None] = _nobody  # told of each call that changes things
        self._echoed: set[str] = set()  # clips whose file was not copied: a POST may do that
        self._epoch_ms = times.epoch_ms()
        self._asking = ""  # the clip or lane whose call is being handled
        self._was_under_way_us = 0  # that call
        rules = Rules(clock_skew_ms=round(world.scenario.metricool_ahead_s) * 1000)
        self.sandbox: Sandbox = build(
            Clock(self.now_ms()),
            Ledger(self),
            rules,
            faults=Fates(self),
            calls=CallLog(lambda: 0.0),
        )

    def now_ms(self) -> int:
        """Return the time that is, in milliseconds since 1970."""
        return self._epoch_ms + self.world.hub.now_us // 1000

    def moment_us(self, at_ms: int) -> int:
        """Return the moment of the world of a time."""
        return (at_ms - self._epoch_ms) * 1000

    def catch_up(self) -> int:
        """Let happen what is due upstream; return the time."""
        self.sandbox.clock.freeze(self.now_ms())
        return self.sandbox.catch_up()

    def next_us(self) -> int | None:
        """Return when something happens upstream by itself, None for never."""
        at_ms = self.sandbox.world.agenda.next_at_ms()
        return None if at_ms is None else self.moment_us(at_ms)

    def handle(self, request: heart.Request, about: str, sent: Sent | None) -> heart.Answer:
        """Answer one call now; what a POST made is written into `sent`."""
        now_ms = self.catch_up()
        body = b"" if request.body is None else json.dumps(request.body).encode()
        path = "/api" + request.path
        theirs = Request(request.method, path, request.query, request.headers, body)
        self._asking = about
        self._was_under_way_us = 0 if sent is None else self.world.hub.now_us - sent.began_us
        answer = handle(self.sandbox, theirs, now_ms)
        self._asking = ""
        if sent is not None:
            sent.handled_us = self.world.hub.now_us
        if request.method == "PUT" and answer.status == heart.OK:
            self.world.record.opened[about] += 1  # nothing else is put
        if request.method != "GET":
            self.world.changed()
            self.handled(request.method, about)
        return heart.Answer(answer.status, answer.headers, answer.body, has_marked_end=True)

    def take_part(self, url: str, headers: Mapping[str, str], body: bytes, about: str) -> Answer:
        """Take a part of a file, as Amazon does."""
        self.catch_up()
        self._asking = about
        answer = in_process.put_part(self.sandbox, url, headers, body)
        self._asking = ""
        self.handled("PART", about)
        return answer

    def post_at(self, path: str) -> Post | None:
        """Return the post that is there under the id in a path."""
        last = path.rpartition("/")[2]
        post = self.sandbox.world.shelf.peek(int(last)) if last.isdecimal() else None
        return None if post is None or post.deleted_ms is not None else post

    def media_of(self, uuid: str) -> Sequence[str]:
        """Return the URLs under which a post shows its media where it is looked at by itself."""
        posts = (post for post in self.sandbox.world.shelf.all() if post.uuid == uuid)
        return next((post.shown_media for post in posts), ())

    def shows(self, clip: str) -> bool:
        """Return whether a story of a clip is out, or its planner has one that may go out."""
        record, posts = self.world.record, self.sandbox.world.shelf.all()
        of_clip = {uuid for of in (record.owner, record.copied) for uuid in of if of[uuid] == clip}
        if any(live.uuid in of_clip for live in record.lives):
            return True
        waiting = (post for post in posts if post.deleted_ms is None and post.uuid in of_clip)
        return any(one.status != "ERROR" for post in waiting for one in post.providers)

    def written(self, at_ms: int, line: Line) -> None:
        """Keep what the ledger says that the judge needs."""
        record, event, uuid = self.world.record, line["event"], line["uuid"]
        if event in ("normalized", "uploaded"):
            record.copies[line["media"]] += 1
        if event == "created" and line["by"] == "api":
            record.owner[uuid] = self._asking
            record.shown_bytes[uuid] = line["source"]
        if line["restoredBy"] == "person" and uuid not in record.theirs_since:
            record.theirs_since[uuid] = self.world.hub.now_us
        if line["detail"] == "restored" and line["by"] == "person":
            record.restored_us[uuid] = self.world.hub.now_us
        if event == "error":
            record.failed_us[uuid] = self.moment_us(at_ms)
        if event == "error" or (event == "deleted" and line["by"] == "api"):
            self.ended(uuid, record.owner.get(uuid, ""))
        if event == "published":
            planned_us = self.moment_us(from_rfc3339(line["plannedFor"]))
            at_us, lane = self.moment_us(at_ms), (line["account"], line["network"])
            record.lives.append(Live(at_us, uuid, planned_us, lane))
        if record.telling and event not in ("normalized", "uploaded"):
            whose = record.owner.get(uuid, "a person's")
            what = "LIVE" if event == "published" else event
            date = (line["plannedFor"] or "")[5:16].replace("T", " ")
            said = f" ({line['detail']})" if line["detail"] else ""
            words = f"{what}: {whose}, post {line['postId']} for {date}{said}"
            record.tell(self.moment_us(at_ms), "Metricool", words)

    def fate(self, name: str) -> Fault | None:
        """Decide whether one of Metricool's habits shows, for whoever is being answered."""
        world, choices = self.world, self.world.choices
        if name == "list_lags":
            lag_s = world.scenario.list_lag_s
            return Fault(name, seconds=lag_s) if lag_s else None
        if name == "no_date":
            return None if world.scenario.has_date_header else Fault(name)
        if name == "list_paged":
            page = world.scenario.list_page
            return Fault(name, most=page) if page else None
        if name == "deleted_undated":
            return None if world.scenario.dates_deletions else Fault(name)
        if not self._asking:
            return None
        if name in OTHERWISE and self._was_under_way_us > SHOWN_OTHERWISE_WITHIN_US:
            return None
        kinds = FATES[name]
        if name == "media_rehosted" and self._asking in self._echoed:
            kinds, name = (REHOST_THE_ECHOED,), REHOST_THE_ECHOED
        taken = world.one_of(self._asking, kinds, name)
        if taken is None:
            return None
        world.record.counts["faults"] += 1
        kind = kind_of(taken)
        world.tell("Metricool", f"has its way with {self._asking}: {kind}")
        if kind == "upload expires":
            return Fault(name, seconds=choices.between(taken, 5, 150))
        if kind in ("long", "late to be found"):
            return Fault(name, seconds=choices.between(taken, 2, 400))
        if kind == "date moved":
            return Fault(name, seconds=60.0 * choices.whole(taken, 1, 5))
        if kind == "echo":
            self._echoed.add(self._asking)
        elif kind == REHOST_THE_ECHOED:
            self._echoed.discard(self._asking)
        if kind in ("error", "refused"):
            return Fault(name, words=choices.pick(taken, PLAIN_WORDS))
        if kind.startswith("open error"):
            return Fault(name, words=choices.pick(taken, OPEN_WORDS))
        if kind == "odd gone":
            return Fault(name, status=choices.pick(taken, (200, 400)))
        if kind == "other in lists":
            return Fault(name, words=choices.pick(taken, ("?v=2", "media.metricool.com")))
        return Fault(name)


def _nobody(what: str, about: str) -> None:
    """Tell nobody."""


class Fates(Faults):
    """The sandbox's faults, switched on by choice instead of by a control call."""

    def __init__(self, metricool: Metricool) -> None:
        super().__init__()
        self._metricool = metricool
        may_take = metricool.world.may_take
        self._may_come = HABITS | {
            name for name, kinds in FATES.items() if may_take((*kinds, REHOST_THE_ECHOED))
        }

    def take(
        self, name: str, subject: Subject, when: Callable[[Fault], bool] | None = None
    ) -> Fault | None:
        """Return the fault that hits this call, if one does."""
        return self._metricool.fate(name) if name in self._may_come else None

    def any(self, name: str) -> bool:
        """Return whether one of this name may come at all."""
        return name in self._may_come


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
