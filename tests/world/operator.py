"""The operator: answers `storyclip recover` by what is true, after a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.publishing import adoption, strangers
from tests.world import rows
from tests.world.workers import Workers

ASKS_AGAIN_S = 60.0


class Operator:
    """Says whose each story is: a clip's that there is, or others'.

    Where a clip would be given another's, by minute and order, it says which clip each one is.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._world = workers.metricool.world
        self._is_busy_with: set[int] = set()  # lanes

    def look(self) -> bool:
        """Decide when to answer about each lane that is held; return whether any is."""
        held = rows.held_lanes()
        for lane_id in held:
            for one in strangers.of_lane(lane_id):
                self._world.record.asked_us.setdefault(one.name, self._world.hub.now_us)
            if lane_id not in self._is_busy_with:
                self._is_busy_with.add(lane_id)
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
            self._is_busy_with.discard(lane_id)
            return
        found = [one.name for one in strangers.of_lane(lane_id)]
        whose = self._whose(found)
        theirs = [name for name in found if name not in whose]
        given = {} if self._is_guessed(lane_id, whose) else whose
        ours = [name for name in whose if name not in given]
        try:
            said = adoption.decide(lane_id, ours, theirs, able[0].our.now(), given)
        except StoreUnavailable:
            said = None
        for stranger, clip in said.adopted if said else ():
            name = f"{clip.batch_id}.{clip.index}"
            record.adopted.append((world.hub.now_us, stranger.name, name))
            owner = record.owner[stranger.name]
            world.tell("operator", f"{name} has the story of {owner} from now on")
        record.counts["guessed"] += len(whose) - len(given)
        record.counts["given"] += len(given)
        how = f"{len(given)} of them not as it would be" if given else "as it would be"
        words = f"ours {len(whose)}, {how}, others' {len(theirs)} on lane {lane_id}"
        world.tell("operator", words)
        world.changed()
        if said is None or said.left:
            world.hub.at(ASKS_AGAIN_S, partial(self._answer, lane_id))
        else:
            self._is_busy_with.discard(lane_id)
            self.look()

    def _whose(self, found: Sequence[str]) -> dict[str, adoption.ClipName]:
        """Return whose each story is, of clips that there are: what a lost batch sent is nobody's.

        Several may be one's.
        """
        batches = rows.last_seqs()
        whose = dict[str, adoption.ClipName]()
        for name in found:
            batch, _, index = self._world.record.owner.get(name, "").rpartition(".")
            if batch in batches:
                whose[name] = batch, int(index)
        return whose

    def _is_guessed(self, lane_id: int, whose: Mapping[str, adoption.ClipName]) -> bool:
        """Return whether each story would be given to its clip without a word on that."""
        would_be = {
            stranger.name: (clip.batch_id, clip.index)
            for stranger, clip in adoption.proposed(lane_id, whose)
        }
        return would_be == whose
