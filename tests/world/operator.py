"""The operator: answers `storyclip recover` by what is true, after a while."""

from __future__ import annotations

from functools import partial

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.publishing import adoption, strangers
from tests.world import rows
from tests.world.times import SECOND_US
from tests.world.workers import Workers

ASKS_AGAIN_S = 60.0
GIVES_UP_S = 3 * 3600.0  # on what fits no clip; an account may refuse to be looked at for 90 min


class Operator:
    """Says ours of what a POST of StoryClip's made, and not ours of what people did."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._world = workers.metricool.world
        self._is_busy_with: dict[int, int] = {}  # lanes, and since when they are held

    def look(self) -> bool:
        """Decide when to answer about each lane that is held; return whether any is."""
        held = rows.held_lanes()
        for lane_id in held:
            if lane_id not in self._is_busy_with:
                self._is_busy_with[lane_id] = self._world.hub.now_us
                name = self._world.choices.nth(f"operator lane {lane_id}")
                after_s = 10 ** self._world.choices.between(name, 0.5, 3.0)  # 3 s to 17 min
                self._world.hub.at(after_s, partial(self._answer, lane_id))
        return bool(held)

    def _answer(self, lane_id: int) -> None:
        world, record = self._world, self._world.record
        able = self._workers.able()
        if not able or world.store_is_down():
            world.hub.at(ASKS_AGAIN_S, partial(self._answer, lane_id))
            return
        if lane_id not in rows.held_lanes():
            del self._is_busy_with[lane_id]
            return
        found = strangers.of_lane(lane_id)
        ours = [one.name for one in found if self._is_ours(one.name)]
        theirs = [one.name for one in found if one.name not in ours]
        waited_us = world.hub.now_us - self._is_busy_with[lane_id]
        if waited_us > GIVES_UP_S * SECOND_US and not adoption.proposed(lane_id):
            ours, theirs = [], [*ours, *theirs]
        try:
            said = adoption.decide(lane_id, ours, theirs, able[0].our.now())
        except StoreUnavailable:
            said = None
        for stranger, clip in said.adopted if said else ():
            name = f"{clip.batch_id}.{clip.index}"
            record.adopted.append((world.hub.now_us, stranger.name, name))
            owner = record.owner[stranger.name]
            world.tell("operator", f"{name} has the story of {owner} from now on")
        world.tell("operator", f"ours {len(ours)}, others' {len(theirs)} on lane {lane_id}")
        world.changed()
        if said is None or said.left:
            world.hub.at(ASKS_AGAIN_S, partial(self._answer, lane_id))
        else:
            del self._is_busy_with[lane_id]
            self.look()

    def _is_ours(self, name: str) -> bool:
        """Return whether a post is a clip's that there is: what a lost batch sent is left alone."""
        owner = self._world.record.owner.get(name)
        return owner is not None and owner.rpartition(".")[0] in rows.last_seqs()
