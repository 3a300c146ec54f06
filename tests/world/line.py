"""The line between a process of ours and Metricool: each call taken apart, each part can fail."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tests.world.choices import kind_of
from tests.world.heart import Answer, Request, UpstreamUnanswered, UpstreamUnreachable
from tests.world.metricool import Metricool
from tests.world.record import Deletion, Sent
from tests.world.scheduler import Task
from tests.world.times import SECOND_US

BEFORE, AFTER = 0.06, 0.15  # most seconds that request and answer usually travel
ON_THE_LINE = (
    "unreachable",
    "request lost",
    "handled late",
    "answer lost",
    "status after",
    "status before",
    "busy",
    "garbled",
    "account refused",
)
TELLS_NOTHING = ("status after", "status before", "garbled")
ACCOUNT_REFUSED = b'{"status":"UNAUTHORIZED","code":"401","detail":"Invalid or expired token"}'
PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body></body></html>"


class Line:
    """Carries the calls of one process; what is on its way outlives the process."""

    def __init__(self, metricool: Metricool) -> None:
        self._metricool = metricool
        self._world = metricool.world

    def ask(self, request: Request, over_at: float) -> Answer:
        """Make a call that may be repeated."""
        return self._call(request, over_at, None, None)

    def tell(
        self,
        request: Request,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> Answer:
        """Make a call that must not be repeated."""
        return self._call(request, over_at, on_sent, send_by)

    def stop(self) -> None:
        """Nothing: processes here end by being killed."""

    def _call(
        self,
        request: Request,
        over_at: float,
        on_sent: Callable[[], None] | None,
        send_by: float | None,
    ) -> Answer:
        world, hub = self._world, self._world.hub
        task = hub.current
        assert task is not None
        about, call = task.about, _name(request)
        world.gap(f"before {call}")
        world.record.calls[about] += 1
        if world.record.calls[about] > (most := world.record.most_calls(about)):
            world.record.endless = world.record.endless or about
            hub.is_over = world.record.calls[about] > 3 * most
        now = world.monotonic()
        if now >= over_at or (send_by is not None and now >= send_by):
            raise UpstreamUnreachable(
                "nothing was sent to Metricool: the moment to send it is over"
            )
        where = f"{call} {about}"
        account = request.query.get("blogId", "")
        if (until_us := self._metricool.refused_until_us.get(account, 0)) <= hub.now_us:
            taken = world.one_of(where, ON_THE_LINE, "line")
        else:
            taken = None
        kind = None if taken is None else kind_of(taken)
        if taken is not None:
            world.record.counts["faults"] += 1
            world.record.trouble.append((hub.now_us, about))
            world.tell(task.process.name, f"{where}: {kind}")
        if kind == "account refused":
            until_us = self._refuse(account, str(taken))
        if kind == "unreachable":
            hub.sleep(world.choices.between(where, 0.0, 2.0))
            raise UpstreamUnreachable("nothing was sent to Metricool: connection refused")
        if until_us > hub.now_us:
            world.record.trouble.append((hub.now_us, about))
        if about.startswith("lane ") and (taken is not None or until_us > hub.now_us):
            world.changed()  # an audit that could not look is made again in a minute
        trip = Trip(self._metricool, request, about, kind, taken or "", until_us > hub.now_us)
        trip.leave()
        if on_sent is not None:
            on_sent()
        answer = trip.outcome(over_at)
        if trip.sent is not None:
            trip.sent.is_lost = answer is None or kind in TELLS_NOTHING
        if answer is None:
            raise UpstreamUnanswered("no complete answer from Metricool: it was lost on the way")
        world.gap(f"after {call}")
        if trip.sent is not None and not trip.sent.is_lost:
            trip.sent.told = task.process.name
        return answer

    def _refuse(self, account: str, taken: str) -> int:
        world = self._world
        long_s = world.choices.between(taken, 30, 5400)
        until_us = world.hub.now_us + round(long_s * SECOND_US)
        self._metricool.refused_until_us[account] = until_us
        world.tell("Metricool", f"refuses account {account} for {long_s:.0f} s")
        return until_us


class Trip:
    """One request on its way there, and its answer on the way back."""

    def __init__(
        self,
        metricool: Metricool,
        request: Request,
        about: str,
        kind: str | None,
        taken: str,
        refused: bool,
    ) -> None:
        self._metricool = metricool
        self._world = metricool.world
        self._request = request
        self._about = about
        self._kind = kind
        self._taken = taken
        self._refused = refused
        self._began_us = self._world.hub.now_us
        self._name = self._world.choices.nth(f"trip {_name(request)} {about}")
        self.sent: Sent | None = None
        self._is_over = False
        self._answer: Answer | None = None
        self._ticket: tuple[Task, int] | None = None

    def leave(self) -> None:
        """Set out; what comes of it does not hang on whether anybody still waits."""
        world, draw, kind = self._world, self._world.choices.between, self._kind
        if self._request.method == "POST":
            media_url = (self._request.body or {})["media"][0]
            is_echoed = not (urlsplit(media_url).hostname or "").endswith("metricool.com")
            self.sent = Sent(self._about, self._began_us, media_url=media_url, is_echoed=is_echoed)
            world.record.sent.append(self.sent)
        there_s = draw(self._name, 0.005, BEFORE)
        if kind == "request lost":
            if draw(self._taken, 0, 1) < 0.5:
                self._comes_back(0.3, None)
        elif kind in ("status before", "busy") or self._refused:
            self._comes_back(there_s + 0.05, self._turned_away())
        else:
            if kind == "handled late":
                there_s = 10 ** draw(self._taken, 0.0, 3.08)  # 1 s to 20 min
            world.hub.at(there_s, self._arrive)

    def outcome(self, over_at: float) -> Answer | None:
        """Wait for the answer; None when the line broke or time was up."""
        hub = self._world.hub
        left_s = over_at - self._world.monotonic()
        if not self._is_over and left_s > 0:
            self._ticket = hub.begin_wait()
            hub.wake(self._ticket, left_s, None)
            hub.wait()
        too_late = self._world.monotonic() > over_at
        if too_late and self._world.choices.draw(self._name + " late") < 0.5:
            return None
        return self._answer

    def _comes_back(self, after_s: float, answer: Answer | None) -> None:
        def arrived() -> None:
            self._is_over = True
            self._answer = answer
            if self._ticket is not None:
                self._world.hub.wake(self._ticket, 0.0, None)

        self._world.hub.at(after_s, arrived)

    def _turned_away(self) -> Answer:
        if self._refused:
            return Answer(401, {}, ACCOUNT_REFUSED, has_marked_end=True)
        if self._kind == "busy":
            headers = {}
            if self._world.choices.draw(self._taken) < 0.5:
                headers["Retry-After"] = str(self._world.choices.whole(self._taken + "s", 1, 90))
            return Answer(429, headers, b"", has_marked_end=True)
        return Answer(502, {}, PAGE, has_marked_end=True)

    def _arrive(self) -> None:
        world, request = self._world, self._request
        metricool = self._metricool
        if request.method == "DELETE":
            post = metricool.post_at(request.path)
            hit = None if post is None else post.uuid
            theirs = post is not None and post.made_by != "api"
        known = len(world.record.owner)
        answer = metricool.handle(request, self._about, self.sent)
        if self.sent is not None and len(world.record.owner) > known:
            uuid = next(reversed(world.record.owner))
            self.sent.uuid = uuid
            self.sent.is_disguised = self.sent.media_url not in metricool.media_of(uuid)
            metricool.created(uuid, self._about)
        if request.method == "DELETE" and hit is not None and answer.status in (200, 204):
            deletion = Deletion(self._about, self._began_us, world.hub.now_us, hit, theirs)
            world.record.deletions.append(deletion)
        self._send_back(answer)

    def _send_back(self, answer: Answer) -> None:
        kind, choices = self._kind, self._world.choices
        back_s = choices.between(self._name + " back", 0.02, AFTER)
        if kind == "answer lost":
            if choices.draw(self._taken) < 0.5:
                self._comes_back(back_s, None)
            return
        if kind == "status after":
            answer = Answer(502, answer.headers, PAGE, has_marked_end=True)
        elif kind == "garbled":
            half = answer.body[: len(answer.body) // 2]
            answer = Answer(200, answer.headers, half, has_marked_end=True)
        self._comes_back(back_s, answer)


def _name(request: Request) -> str:
    last = request.path.rpartition("/")[2]
    if request.method != "GET":
        return request.method
    if last == "url":
        return "NORMALIZE"
    return {"posts": "LIST", "deleted": "DELETED"}.get(last, "GET")
