"""The people who have Metricool's planner open, beside StoryClip."""

from __future__ import annotations

from collections.abc import Callable

from storyclip.sandbox import people
from storyclip.sandbox.posts import Post
from storyclip.sandbox.refusals import Refused
from tests.world.metricool import Metricool
from tests.world.record import Touched
from tests.world.scenario import LANES

ON_OURS = (
    "edit",
    "edit",
    "edit the date of",
    "edit days away",
    "move",
    "move",
    "move days away",
    "delete",
    "delete",
    "delete and restore",
    "copy",
    "copy to its minute",
    "take its id for another",
    "lose",
)
AFTERWARDS = ("replan", "replan", "replan days away", "delete")  # of what failed
OF_THEIR_OWN = ("post", "post", "draft", "begun draft")
MINUTE_MS = 60_000
DAY_MS = 86_400_000


class People:
    """Whoever edits, moves, deletes, restores and copies, of ours and of their own."""

    def __init__(self, metricool: Metricool) -> None:
        self._metricool = metricool
        self._world = metricool.world
        self._sandbox = metricool.sandbox
        metricool.created = self._sees
        metricool.ended = self._misses
        for number in sorted({batch.lane for batch in self._world.scenario.batches}):
            for _ in range(3):
                if name := self._world.take("stranger", f"lane {number}"):
                    self._own(LANES[number], name)

    def _own(self, lane: tuple[str, str], name: str) -> None:
        """Have somebody make something of their own on a lane."""
        draw, (account, network) = self._world.choices, lane
        what = draw.pick(name + " what", OF_THEIR_OWN)
        ahead_ms = MINUTE_MS * draw.whole(name + " ahead", 2, 90)

        def act() -> Post:
            date_ms = self._metricool.now_ms() + ahead_ms
            if what == "begun draft":
                return people.begin_draft(self._sandbox, account, date_ms)
            fields = {"draft": True} if what == "draft" else {}
            return people.make(self._sandbox, account, network, date_ms, fields=fields)

        after_s = draw.between(name + " at", 0, self._world.scenario.faults_end_s)
        self._later(after_s, what, f"makes a {what} of their own", act)

    def _later(self, after_s: float, act: str, words: str, do: Callable[[], Post | None]) -> None:
        def happens() -> None:
            self._metricool.catch_up()
            record, now_us = self._world.record, self._world.hub.now_us
            try:
                if (post := do()) is None:
                    return
            except Refused as refusal:
                self._world.tell("somebody", f"{words}: refused, {refusal.words}"[:100])
                return
            clip = record.owner.get(post.uuid)
            record.counts["people"] += 1
            record.touched.append(Touched(now_us, act, post.uuid, clip))
            self._world.tell("somebody", words)
            self._world.changed()

        self._world.hub.at(after_s, happens)

    def _sees(self, uuid: str, clip: str) -> None:
        """Decide what somebody will do to a post of ours that was just created."""
        draw = self._world.choices
        post = self._find(uuid)
        for _ in range(2):
            if post is None or (name := self._world.take("person", clip)) is None:
                return
            ahead_s = max((post.planned_ms - self._metricool.now_ms()) / 1000, 0)
            soon = draw.draw(name + " soon") < 0.4
            after_s = draw.between(name + " at", 0.05, 90 if soon else ahead_s + 200)
            act = draw.pick(name + " what", ON_OURS)
            self._upon(after_s, act, uuid, name, f"{act} {clip}")

    def _misses(self, uuid: str, clip: str) -> None:
        """Decide whether somebody wants a post after all that failed, or that we took back."""
        post = self._find(uuid)
        if not clip or post is None or (name := self._world.take("afterwards", clip)) is None:
            return
        draw = self._world.choices
        act = "restore" if post.deleted_ms is not None else draw.pick(name + " what", AFTERWARDS)
        after_s = draw.between(name + " at", 0.05, 30 if draw.draw(name + " soon") < 0.5 else 900)
        self._upon(after_s, act, uuid, name, f"{act} {clip}")

    def _upon(self, after_s: float, act: str, uuid: str, name: str, words: str) -> None:
        def happens() -> Post | None:
            post = self._find(uuid)
            return None if post is None else self._do(act, post, name)

        self._later(after_s, act, words, happens)

    def _find(self, uuid: str) -> Post | None:
        posts = self._sandbox.world.shelf.all()
        return next((post for post in posts if post.uuid == uuid), None)

    def _do(self, act: str, post: Post, name: str) -> Post | None:
        sandbox, draw = self._sandbox, self._world.choices
        if act == "restore":
            restorable = post.deleted_ms is not None
            return people.restore(sandbox, post.account, post.id) if restorable else None
        if post.deleted_ms is not None:
            return None
        date_ms = post.planned_ms
        if act == "replan":
            date_ms = self._metricool.now_ms() + MINUTE_MS * draw.whole(name + " by", 1, 90)
        elif act in ("edit the date of", "move"):
            date_ms += MINUTE_MS * draw.whole(name + " by", -5, 15)
        elif act.endswith("days away"):
            date_ms += DAY_MS * draw.whole(name + " by", 2, 3)
        if act.startswith(("edit", "replan")):
            return people.edit(sandbox, post.id, planned_ms=date_ms)
        if act.startswith("move"):
            waits = post.providers[0].status == "PENDING"
            return people.move(sandbox, post.id, date_ms) if waits else None
        if act.startswith("copy"):
            now_ms = self._metricool.now_ms()
            later_ms = 0 if act == "copy to its minute" else 7 * MINUTE_MS
            date_ms = max(date_ms, now_ms + MINUTE_MS) + later_ms
            copied = people.copy(sandbox, post.id, planned_ms=date_ms)
            record = self._world.record
            record.copied[copied.uuid] = record.owner.get(post.uuid, "")
            return post
        if act == "take its id for another":
            return self._take_id(post)
        if act == "lose":
            people.vanish(sandbox, post.id)
            return post
        people.delete(sandbox, post.id)
        if act == "delete and restore":
            clip = self._world.record.owner.get(post.uuid)
            after_s = draw.between(name + " back", 1, 300)
            self._upon(after_s, "restore", post.uuid, name, f"restore {clip}")
        return post

    def _take_id(self, post: Post) -> Post | None:
        """Edit a post, and let another one, of theirs, have the id that it had."""
        sandbox, old_id = self._sandbox, post.id
        edited = people.edit(sandbox, old_id)
        date_ms = self._metricool.now_ms() + 20 * MINUTE_MS
        people.make(sandbox, post.account, post.networks[0], date_ms, post_id=old_id)
        return edited
