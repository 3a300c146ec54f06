"""The people who have Metricool's planner open, beside StoryClip."""

from __future__ import annotations

from dataclasses import replace

from storyclip.sandbox.posts import Post
from storyclip.sandbox.refusals import Refused
from storyclip.sandbox.requested import Requested
from tests.world.choices import kind_of
from tests.world.metricool import Metricool
from tests.world.record import Touched
from tests.world.scenario import DAY_S, LANES, MINUTE_S
from tests.world.times import SECOND_US

ON_OURS = (
    "edit",
    "edit",
    "edit date",
    "edit days away",
    "move",
    "move",
    "move days away",
    "delete",
    "delete",
    "delete and restore",
    "copy",
    "copy same minute",
)
OF_THEIR_OWN = ("post", "post", "draft", "empty draft")
MINUTE_MS = 60_000


class People:
    """Whoever edits, moves, deletes, restores and copies."""

    def __init__(self, metricool: Metricool) -> None:
        self._metricool = metricool
        self._world = metricool.world
        metricool.created = self._sees
        for number in sorted({batch.lane for batch in self._world.scenario.batches}):
            lane = LANES[number]
            for _ in range(3):
                if name := self._world.take("stranger", f"lane {number}"):
                    last_s = self._world.scenario.faults_end_s
                    after_s = self._world.choices.between(name + " at", 0, last_s)
                    self._later(after_s, lambda lane=lane, name=name: self._own(lane, name))

    def _later(self, after_s: float, act) -> None:
        def happens() -> None:
            now_ms = self._metricool.catch_up()
            try:
                act(now_ms)
            except Refused as refusal:
                self._world.tell("somebody", f"is refused: {refusal.words}"[:100])
            self._world.changed()

        self._world.hub.at(after_s, lambda: happens())

    def _sees(self, uuid: str, clip: str) -> None:
        """Decide what somebody will do to a post of ours that was just created."""
        world = self._world
        if (name := world.take("person", clip)) is None:
            return
        post = self._find(uuid)
        if post is None:
            return
        ahead_s = (post.planned_ms - self._metricool.now_ms()) / 1000
        if world.choices.draw(name + " soon") < 0.4:
            after_s = world.choices.between(name + " at", 0.05, 90)
        else:
            after_s = world.choices.between(name + " at", 0.05, ahead_s + 200)
        act = world.choices.pick(name + " what", ON_OURS)
        self._later(after_s, lambda now_ms: self._touch(act, uuid, name, now_ms))

    def _find(self, uuid: str) -> Post | None:
        posts = self._metricool.sandbox.world._posts.values()
        return next((post for post in reversed(posts) if post.uuid == uuid), None)

    def _touch(self, act: str, uuid: str, name: str, now_ms: int) -> None:
        post = self._find(uuid)
        if post is None or (post.deleted_ms is not None and act != "restore"):
            return
        world, model, draw = self._world, self._metricool.sandbox.world, self._world.choices
        state = post.providers[0].status
        if act.startswith(("edit", "move")) and state != "PENDING":
            return
        self._note(act, uuid)
        if act.startswith(("edit", "move")):
            date_ms = post.planned_ms
            if act in ("edit date", "move"):
                date_ms += MINUTE_MS * draw.whole(name + " by", -5, 15)
            elif act.endswith("days away"):
                date_ms += MINUTE_MS * MINUTE_S * 24 * draw.whole(name + " by", 2, 5)
            if act.startswith("move"):
                model.move(post.account, post.id, date_ms, post.zone, now_ms)
            else:
                model.put(post.account, post.id, _as_asked(post, date_ms), now_ms)
        elif act.startswith("copy"):
            later_ms = 0 if act == "copy same minute" else 7 * MINUTE_MS
            copy = _as_asked(post, max(post.planned_ms, now_ms) + later_ms)
            model.create(post.account, copy, now_ms)
        elif act == "restore":
            world.record.theirs_since[uuid] = world.hub.now_us
            model.restore(post.account, post.id, now_ms)
        else:
            model.delete(post.account, post.id, now_ms)
            if act == "delete and restore":
                after_s = draw.between(name + " back", 1, 300)
                self._later(after_s, lambda at_ms: self._touch("restore", uuid, name, at_ms))

    def _own(self, lane: tuple[str, str], name: str):
        act = self._world.choices.pick(name + " what", OF_THEIR_OWN)
        ahead_ms = MINUTE_MS * self._world.choices.whole(name + " ahead", 2, 90)

        def happens(now_ms: int) -> None:
            account, network = lane
            fields = _own_fields(network, name, act)
            asked = Requested([network], now_ms + ahead_ms, "UTC", fields, None)
            self._note(act, self._metricool.sandbox.world.create(account, asked, now_ms)["uuid"])

        return happens

    def _note(self, act: str, uuid: str) -> None:
        record = self._world.record
        clip = record.owner.get(uuid)
        record.counts["people"] += 1
        record.touched.append(Touched(self._world.hub.now_us, act, uuid, clip))
        self._world.tell("somebody", f"{act}s {clip or 'of their own'} in the planner")


def _as_asked(post: Post, date_ms: int) -> Requested:
    networks = [provider.network for provider in post.providers]
    return Requested(networks, date_ms, post.zone, dict(post.fields), None)


def _own_fields(network: str, name: str, act: str) -> dict:
    media = (
        [] if act == "empty draft" else [f"https://static.metricool.com/own/{hash_of(name)}.mp4"]
    )
    return {
        "text": "" if act == "empty draft" else "own",
        "firstCommentText": "",
        "media": media,
        "mediaAltText": [None] * len(media),
        "autoPublish": True,
        "saveExternalMediaFiles": False,
        "shortener": False,
        "draft": act != "post",
        "facebookData": {"type": "POST"},
        "instagramData": {"type": "POST", "autoPublish": True},
        "smartLinkData": {"ids": []},
        "descendants": [],
        "hasNotReadNotes": False,
    }


def hash_of(name: str) -> str:
    """Return a file's name for a disturbance."""
    return "".join(each for each in name if each.isalnum())


_ = replace, kind_of, DAY_S, SECOND_US
