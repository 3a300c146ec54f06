"""What can happen next: every transition of a state, and the state that it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from storyclip.domain.clip import UNCERTAIN, Clip
from storyclip.domain.clip import State as ClipState
from storyclip.domain.dates.schedule import first_step
from storyclip.domain.errors import ActionRefused, LostRace
from storyclip.flow import asking, audit, calls, step
from storyclip.flow.visit import Visit
from tests.model.doing import done
from tests.model.metricool import STRANGER, Deleting, Metricool, Planned, Posting
from tests.model.scene import T0, Scene
from tests.model.state import NAMES, Buried, Happened, State, Wished, Working
from tests.model.twin import situation, wishes, writer
from tests.model.twin.rows import Rows
from tests.model.visits import Held, Node, opened, told

MOVED_BY = timedelta(minutes=2)
# Nobody else can see that it was done, so what may happen before it may as well happen after it
UNNOTICED = (calls.PrepareMedia, asking.PrepareNext, asking.RaiseIncident)


class World:
    """The transitions of one scene; equal parts of its states are one object, so ids tell them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._known: dict[Any, Any] = {}
        self._ids: set[int] = set()
        self._fresh: dict[Any, Rows] = {}
        self._roots: dict[Any, Node] = {}

    def start(self) -> State:
        """Return the first state."""
        scene = self.scene
        budget = (scene.faults, scene.wishes, scene.people, scene.audits)
        return self.kept(State(T0, scene.rows(), Metricool(), (None, None), *budget))

    def kept(self, state: State) -> State:
        """Return the same state made of parts that are kept."""
        held = tuple(work.node.held for work in state.workers if work is not None)
        known = self._kept(state.rows)
        key = (id(known), held)
        rows = self._fresh.get(key)
        if rows is None:
            rows = self._fresh[key] = self._kept(_forgotten(known, held))
        return state._replace(rows=rows, metricool=self._kept(state.metricool))

    def _kept(self, part: Any) -> Any:
        return part if id(part) in self._ids else self._keep(part)

    def _keep(self, part: Any) -> Any:
        kept = self._known.setdefault(part, part)
        self._ids.add(id(kept))
        return kept

    def key(self, state: State) -> Any:
        """Return what tells a state from all others; which worker is which makes no difference."""
        first, second = (
            0 if work is None else 2 * id(work.node) + work.is_frozen for work in state.workers
        )
        workers = (first, second) if first < second else (second, first)
        return (state.now, id(state.rows), id(state.metricool), workers, *state[4:])

    def after(self, state: State) -> Iterator[Happened]:
        """Return every transition of a state."""
        for happened in self._all(state):
            after = self.kept(happened.state)
            if state.is_audited and after[1:3] != state[1:3]:
                after = after._replace(is_audited=False)
            yield happened._replace(state=after)

    def _all(self, state: State) -> Iterator[Happened]:
        for place, work in enumerate(state.workers):
            if work is not None and work.is_frozen:
                yield Happened(NAMES[place], "wakes up", state.at_work(place, Working(work.node)))
            elif work is not None:
                yield from self._works(state, place, work.node)
        yield from self._begins(state)
        yield from _arrivals(state)
        yield from self._wished(state)
        yield from _people(state)
        yield from _passes(state)

    def _begins(self, state: State) -> Iterator[Happened]:
        if None not in state.workers:
            return
        place = state.workers.index(None)
        busy = [work.node.root.clip for work in state.workers if work and not work.is_frozen]
        for clip in _due(state):
            is_again = any(other and other.id == clip.id for other in busy)
            if is_again and not (state.faults and "rung twice" in self.scene.kinds):
                continue
            spent = state._replace(faults=state.faults - is_again)
            node = self._reads(state, clip, NAMES[place])
            words = f"reads clip {clip.index}, which is {clip.state}"
            after = spent.at_work(place, Working(node))
            yield Happened(NAMES[place], words, after, by_itself=not is_again)
        is_due = _is_to_be_audited(state)
        if is_due or (state.audits and state.rows.sends):
            spent = state if is_due else state._replace(audits=state.audits - 1)
            work = Working(self._audits(state))
            yield Happened(NAMES[place], "begins an audit", spent.at_work(place, work))

    def _reads(self, state: State, clip: Clip, worker: str) -> Node:
        decide = step.decision_for(clip)
        assert decide is not None
        if clip.state is not ClipState.PENDING:
            worker = ""  # only who claims a clip is named in it
        key = (id(state.rows), clip.id, state.now, worker)
        if key not in self._roots:
            begin = partial(decide, situation.read(state.rows, clip.id))
            self._roots[key] = opened(begin, worker, clip, state.now, self.scene.settings)
        return self._roots[key]

    def _audits(self, state: State) -> Node:
        key = (id(state.rows), id(state.metricool), state.now)
        if key not in self._roots:
            rows = state.rows
            watched = [(send, rows.clip(send.clip_id)) for send in rows.sends]

            def begin(visit: Visit) -> asking.Course[None]:
                return audit._compare(rows.clips[0].lane, watched, visit)

            self._roots[key] = opened(begin, "", None, state.now, self.scene.settings)
            self._roots[key].saw = state[1:3]
            self._roots[key].held = tuple((clip.id, clip.revision) for clip in rows.clips)
        return self._roots[key]

    def _works(self, state: State, place: int, node: Node) -> Iterator[Happened]:
        name, kinds = NAMES[place], self.scene.kinds
        if state.faults:
            buried = writer.bury(state.rows, name, state.now)
            hurt = state._replace(faults=state.faults - 1, rows=buried)
            if "dies" in kinds and node.is_begun:
                dead = hurt.at_work(place, None)._replace(metricool=_untold(state.metricool, node))
                yield Happened(name, "dies", dead, by_itself=False, deed=Buried(name))
            if "freezes" in kinds:
                still = hurt.at_work(place, Working(node, is_frozen=True))
                words = "stands still, and is called dead"
                yield Happened(name, words, still, by_itself=False, deed=Buried(name))
        for one in done(state, node, self.scene):
            after = self._told(one.state, place, node, one.answer)
            unhurt = one.state.faults == state.faults
            yield Happened(name, one.words, after, by_itself=unhurt, deed=node)

    def _told(self, state: State, place: int, node: Node, answer: Any) -> State:
        """Return the state after a worker has its answer."""
        if answer is LostRace:
            return state.at_work(place, None)
        child = told(node, answer, state.now, self.scene.settings)
        if isinstance(child.asked, UNNOTICED):
            ((_, state, answer),) = done(state, child, self.scene)
            return self._told(state, place, child, answer)
        if child.asked is not None or child.flaw is not None:
            return state.at_work(place, Working(child))
        is_audit = child.clip is None and not child.gave_up
        is_audited = is_audit and child.root.saw == state[1:3]
        return state.at_work(place, None)._replace(is_audited=is_audited)

    def _wished(self, state: State) -> Iterator[Happened]:
        if not state.wishes:
            return
        name, *rest = state.wishes
        try:
            rows = self._after_wish(name, state)
        except ActionRefused:
            return
        after = state._replace(rows=rows, wishes=tuple(rest))
        yield Happened("the user", f"asks to {name}", after, by_itself=False, deed=Wished(name))

    def _after_wish(self, name: str, state: State) -> Rows:
        """Return the rows after a wish.

        Raises:
            ActionRefused: it makes no sense now.
        """
        batch_id, settings = state.rows.batches[0].batch_id, self.scene.settings
        match name:
            case "pause":
                return wishes.pause(state.rows, batch_id, state.now)
            case "cancel":
                return wishes.cancel(state.rows, batch_id, state.now)
        first_date = first_step(state.now, settings.lead_s, settings.date_step_s)
        return wishes.resume(state.rows, batch_id, state.now, first_date)


def _forgotten(rows: Rows, held: tuple[Held, ...]) -> Rows:
    """Return the rows with the smallest revisions that mean the same to whoever remembers some.

    A revision is only ever compared with one that was read before.
    """
    clips = []
    for clip in rows.clips:
        known = [revision for one in held for clip_id, revision in one if clip_id == clip.id]
        least = clip.revision if clip.revision in known else max(known, default=-1) + 1
        clips.append(clip if clip.revision == least else replace(clip, revision=least))
    return replace(rows, clips=tuple(clips))


def _untold(metricool: Metricool, node: Node) -> Metricool:
    """Return Metricool after the one has died whom it had told the id of a post."""
    if node.created is None:
        return metricool
    posts = (
        replace(post, is_told=post.is_told and post.uuid != node.created.uuid)
        for post in metricool.posts
    )
    return replace(metricool, posts=tuple(posts))


def _due(state: State) -> Iterator[Clip]:
    for clip in state.rows.clips:
        if clip.is_due(state.now) and step.decision_for(clip) is not None:
            yield clip


def _is_to_be_audited(state: State) -> bool:
    """Return whether an audit has to come before time passes; one that finds nothing may not.

    There is one every minute. Only where a post is nobody's, and nobody is looking for it, has it
    something to do.
    """
    if state.is_audited:
        return False
    return any(
        post.clip != STRANGER
        and post.deleted_at is None
        and not _is_known(post, state.rows.clip(post.clip))
        for post in state.metricool.posts
    )


def _is_known(post: Planned, clip: Clip) -> bool:
    return clip.state in UNCERTAIN or (
        clip.state is not ClipState.CANCELLED and clip.post_uuid == post.uuid
    )


def _arrivals(state: State) -> Iterator[Happened]:
    line = state.metricool.line
    for place, message in enumerate(line):
        others = replace(state.metricool, line=line[:place] + line[place + 1 :])
        after = state._replace(metricool=others.handled(message, state.now))
        if isinstance(message, Posting):
            what = f"POST of clip {message.clip}"
        else:
            what = f"DELETE of {message.post_id}"
        yield Happened("Metricool", f"handles, late, the {what}", after, by_itself=False)


def _people(state: State) -> Iterator[Happened]:
    """Return what somebody may do in the planner, to a post that is not out yet.

    An id is handed on only while nobody is about to delete by it: no rule of ours could help.
    """
    metricool = state.metricool
    deleting = any(isinstance(one, Deleting) for one in metricool.line)
    for act in state.people:
        spent = state._replace(people=tuple(other for other in state.people if other != act))
        for post in metricool.posts:
            if post.is_live or post.deleted_at is not None or post.clip == STRANGER:
                continue
            if act == "delete":
                after = metricool.handled(Deleting(post.id), state.now)
            elif act == "hand on" and (deleting or any(state.workers)):
                continue
            else:
                by = MOVED_BY if act == "move" else timedelta()
                after = metricool.edited(post.uuid, by, hands_id_on=act == "hand on")
            words = f"{act}s the post of clip {post.clip} in the planner"
            yield Happened("somebody", words, spent._replace(metricool=after), by_itself=False)


def _passes(state: State) -> Iterator[Happened]:
    """Let time pass to the next moment at which something happens, once all is done by now."""
    busy = any(work is not None and not work.is_frozen for work in state.workers)
    able = None in state.workers
    if busy or (able and (_is_to_be_audited(state) or any(_due(state)))):
        return
    moments = [clip.next_at for clip in state.rows.clips if clip.next_at is not None]
    moments += state.metricool.soonest()
    ahead = [moment for moment in moments if moment > state.now]
    if ahead:
        now = min(ahead)
        after = state._replace(now=now, metricool=state.metricool.at(now))
        yield Happened("time", f"is {now:%H:%M:%S}", after)
