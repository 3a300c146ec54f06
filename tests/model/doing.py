"""What may come of what a visit asks for: the rows' part, Metricool's part, and its faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from storyclip.domain.clip import Clip
from storyclip.domain.clip import State as ClipState
from storyclip.domain.errors import (
    LostRace,
    NotItsTurn,
    UpstreamDateInPast,
    UpstreamLookFailed,
    UpstreamUnanswered,
    UpstreamUnreachable,
)
from storyclip.domain.moves import Move
from storyclip.flow import asking, calls
from storyclip.flow.asking import Times
from storyclip.flow.send import brought_home
from storyclip.flow.visit import Visit
from tests.model.metricool import Deleting, Metricool, Posting
from tests.model.scene import Scene
from tests.model.state import State
from tests.model.twin import lanes, recalls, sends, situation, writer
from tests.model.twin.rows import Rows
from tests.model.visits import Failed, Node

TOO_LATE = Failed(UpstreamUnreachable, "it stood still for too long to speak")
SILENCE = Failed(UpstreamUnanswered, "no answer")
NO_LOOK = Failed(UpstreamLookFailed, "no answer")
OVER = Failed(UpstreamDateInPast, "the date is over")
LONGEST_WAY = timedelta(hours=1)  # for which the absence of a date further ahead relies on it
NOT_IN_ROWS = frozenset({ClipState.PENDING, ClipState.CANCELLED})  # nothing is on its way, it says


class Done(NamedTuple):
    """One way it may go; LostRace as the answer ends the visit."""

    words: str
    state: State
    answer: Any


def done(state: State, node: Node, scene: Scene) -> Iterator[Done]:
    """Return every way that it may go."""
    asked = node.asked
    match asked:
        case calls.PrepareMedia():
            metricool, url = state.metricool.copied()
            yield Done("has the file copied", state._replace(metricool=metricool), url)
        case calls.Submit():
            yield from _posts(state, node, asked, scene)
        case calls.Delete():
            yield from _deletes(state, node, asked, scene)
        case calls.ReadPost():
            yield from _looks(state, scene, "reads the post", state.metricool.post(asked.post_id))
        case calls.ListPosts():
            look = state.metricool.between(asked.start, asked.end, state.now)
            yield from _looks(state, scene, "lists", look)
        case calls.ListDeleted():
            yield from _looks(state, scene, "lists deleted", state.metricool.deleted(state.now))
        case asking.HeldByOthers():
            held = situation.held_by_others(state.rows, asked.clip, asked.posts)
            yield Done("asks whose they are", state, held)
        case asking.GoesOnWithout():
            yield Done("asks who deleted it", state, sends.goes_on_without(state.rows, asked.clip))
        case _:
            known = node.written.get((id(state.rows), state.now))
            if known is None:
                known = (*_written(state, node, scene), state.rows)  # so that its id stays its own
                node.written[id(state.rows), state.now] = known
            words, rows, answer, _ = known
            yield Done(words, state._replace(rows=rows), answer)


def _written(state: State, node: Node, scene: Scene) -> tuple[str, Rows, Any]:
    """Write what a visit decided, in one transaction; return words, the rows, and the answer."""
    rows, now, asked = state.rows, state.now, node.asked
    try:
        match asked:
            case Move():
                after, clip = writer.write(rows, asked, now)
                return _said(asked), after, clip
            case asking.Rest():
                after = writer.rest(rows, asked.clip, now)
            case asking.MakeWay():
                after = recalls.make_way(rows, asked.clip, now)
            case asking.BeginRemoval():
                after = sends.begin_removal(rows, asked.send, asked.post, now)
            case asking.MarkGone():
                after = sends.mark_gone(rows, asked.send, now)
            case asking.Learn():
                after = lanes.learn(rows, asked.lane)
            case _:
                after = rows  # a bell, or words for a person
    except NotItsTurn as refusal:
        return f"may not: {refusal}", rows, Failed(NotItsTurn, str(refusal))
    except LostRace:
        if isinstance(asked, Move) and node.created is not None:
            return _brings_home(state, asked.before, node, scene)
        return f"loses the race: {_name(asked)}", rows, LostRace
    return _name(asked), after, None


def _brings_home(state: State, sent: Clip, node: Node, scene: Scene) -> tuple[str, Rows, Any]:
    """Do what `flow.hand` does with an id whose clip was moved meanwhile."""
    post = node.created
    assert post is not None
    visit = Visit(scene.settings, "", lambda: 1.0, Times(state.now, state.now))
    move = brought_home(situation.read(state.rows, sent.id), post, sent.sends, visit)
    if move is not None:
        rows, clip = writer.write(state.rows, move, state.now)
        return f"brings the id home: {_said(move)}", rows, clip
    rows = sends.keep_late_id(state.rows, sent, sent.sends, post)
    return "writes the id down beside its send", rows, LostRace


def _posts(state: State, node: Node, asked: calls.Submit, scene: Scene) -> Iterator[Done]:
    if not node.may_speak(state.now):
        yield Done("has stood still for too long to POST", state, TOO_LATE)
        return
    clip = node.clip
    assert clip is not None
    story = asked.story
    is_stray = state.rows.clip(clip.id).state in NOT_IN_ROWS
    posting = Posting(
        clip=clip.id,
        number=clip.sends,
        media=story.media_url,
        date=story.planned_for,
        is_stray=is_stray,
        lost_at=state.now + LONGEST_WAY,
    )
    handled = state.metricool.handled(posting, state.now)
    is_made = len(handled.posts) > len(state.metricool.posts)
    answer = handled.posts[-1].shown() if is_made else OVER
    yield Done("POSTs", state._replace(metricool=_told(handled) if is_made else handled), answer)
    if state.faults:
        hurt = state._replace(faults=state.faults - 1)
        if "answer lost" in scene.kinds and is_made:
            yield Done("POSTs, the answer is lost", hurt._replace(metricool=handled), SILENCE)
        if "lost" in scene.kinds:
            yield Done("POSTs, which is lost", hurt, SILENCE)
        if "late" in scene.kinds:
            way = replace(state.metricool, line=(*state.metricool.line, posting))
            yield Done("POSTs, which stays on its way", hurt._replace(metricool=way), SILENCE)


def _told(metricool: Metricool) -> Metricool:
    *others, made = metricool.posts
    return replace(metricool, posts=(*others, replace(made, is_told=True)))


def _deletes(state: State, node: Node, asked: calls.Delete, scene: Scene) -> Iterator[Done]:
    if not node.may_speak(state.now):
        yield Done("has stood still for too long to DELETE", state, TOO_LATE)
        return
    deleting = Deleting(asked.post_id)
    handled = state.metricool.handled(deleting, state.now)
    yield Done("DELETEs", state._replace(metricool=handled), None)
    if state.faults:
        hurt = state._replace(faults=state.faults - 1)
        if "delete answer lost" in scene.kinds:
            after = hurt._replace(metricool=handled)
            yield Done("DELETEs, the answer is lost", after, NO_LOOK)
        if "delete lost" in scene.kinds:
            yield Done("DELETEs, which is lost", hurt, NO_LOOK)
        if "delete late" in scene.kinds:
            way = replace(state.metricool, line=(*state.metricool.line, deleting))
            yield Done("DELETEs, which stays on its way", hurt._replace(metricool=way), NO_LOOK)


def _looks(state: State, scene: Scene, words: str, answer: Any) -> Iterator[Done]:
    yield Done(words, state, answer)
    if state.faults and "look fails" in scene.kinds:
        hurt = state._replace(faults=state.faults - 1)
        yield Done(f"{words}, without an answer", hurt, NO_LOOK)


def _said(move: Move) -> str:
    name = move.event.value if move.event else "note"
    return f"writes {name} of clip {move.before.index}"


def _name(asked: Any) -> str:
    return _said(asked) if isinstance(asked, Move) else type(asked).__name__


__all__ = ["Done", "Rows", "done"]
