"""Mistakes that would be easy to make, one line each: every one of them has to show.

A rule that lives in SQL is broken in its twin here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from storyclip.domain import moves, order, situation
from storyclip.domain.errors import LostRace
from storyclip.domain.identity import Fate
from storyclip.domain.moves import mine
from storyclip.domain.order import Verdict
from storyclip.domain.situation import Situation
from storyclip.domain.story import Story
from storyclip.flow import audit, begin, confirm, find, send, settle, step, take_back
from storyclip.flow.asking import Course, ask, put
from storyclip.flow.calls import Submit
from storyclip.flow.visit import Visit
from tests.model import doing, visits
from tests.model.scene import Scene
from tests.model.scenes import FAR, PAUSES, SOON, TWO_SOON
from tests.model.twin import lanes, writer


@dataclass(frozen=True)
class Mistake:
    """What somebody might write at `place.name`, and a scene in which it does harm."""

    name: str
    place: Any
    attribute: str
    wrong: Callable[..., Any]
    scene: Scene


@contextmanager
def planted(mistake: Mistake) -> Iterator[None]:
    """Have the mistake in the code."""
    wrong, decisions = mistake.wrong, step._DECISIONS
    right = getattr(mistake.place, mistake.attribute)
    changed = {state: wrong for state, decide in decisions.items() if decide is right}
    with patch.object(mistake.place, mistake.attribute, wrong), patch.dict(decisions, changed):
        yield


def _sends_blindly(situation: Situation, visit: Visit) -> Course[Any]:
    yield from ()
    return moves.absent(situation.clip, visit.now)


def _posts_before_it_intends(situation: Situation, visit: Visit) -> Course[None]:
    clip = yield from put(moves.claimed(situation.clip, visit.worker, visit.send_over_at()))
    date, url = begin._first_date(clip, visit), "https://static.metricool.com/1.mp4"
    post = yield from ask(Submit(Story(clip.lane.account_id, clip.lane.network, url, date)))
    over_at = visit.send_over_at()
    clip = yield from put(moves.intended(clip, url, date, visit.worker, visit.now, over_at))
    yield from put(moves.accepted(clip, post, visit.now))


def _tries_again(situation: Situation, visit: Visit) -> Course[None]:
    yield from put(moves.tried(situation.clip, mine(visit.now), None))


def _believes_a_404(situation: Situation, visit: Visit) -> Course[None]:
    yield from put(moves.withdrawn(situation.clip))


def _believes_the_delete(*_: Any) -> Course[Any]:
    yield from ()
    return find.Deleted(None, Fate.NOT_OUT)  # type: ignore[arg-type]


def _counts_from_the_intent(clip: Any, look: Any, visit: Visit) -> float:
    return float((clip.intended_at - visit.now).total_seconds() + visit.settings.settle_s)


def _holds_what_is_gone(situation: Situation, post: Any, number: int, visit: Visit) -> Any:
    return send.brought_home(replace(situation, sends=()), post, number, visit)


CANCEL = ("cancel",)
MISTAKES = (
    Mistake("an unanswered clip is sent again blindly", settle, "_seen", _sends_blindly,
            Scene("now", faults=1)),
    Mistake("an absence is believed before the fence", settle, "_to_fence_s", lambda *_: 0.0,
            Scene("now", faults=1)),
    Mistake("the fence is counted from the intent", settle, "_to_fence_s", _counts_from_the_intent,
            Scene("now", faults=1)),
    Mistake("the intent is written after the POST", begin, "_claim", _posts_before_it_intends,
            Scene("now")),
    Mistake("what a dead worker had in hand is sent again", step, "recover", _tries_again,
            Scene("now", faults=1)),
    Mistake("nothing is compared before it is set", writer, "_is_stale", lambda *_: False,
            Scene("now", faults=2)),
    Mistake("the next clip is opened while one is in flight", lanes, "is_held", lambda *_: False,
            Scene("two now", clips=2, wishes=PAUSES)),
    Mistake("a DELETE is called off by a resume", situation, "is_being_taken_back", lambda _: False,
            Scene("dated", dates_s=SOON, faults=1, wishes=PAUSES)),
    Mistake("a DELETE is not written down before", moves, "taking_back",
            lambda clip, post, now: moves.due(clip, mine(now)),
            Scene("dated", dates_s=SOON, faults=1, wishes=PAUSES)),
    Mistake("a DELETE's answer is believed", take_back, "among_deleted", _believes_the_delete,
            Scene("dated", dates_s=SOON, people=("edit",), wishes=CANCEL)),
    Mistake("what was deleted was never out", find, "fate_of", lambda _: Fate.NOT_OUT,
            Scene("now", faults=1, wishes=CANCEL)),
    Mistake("one 404 is believed", confirm, "_missing", _believes_a_404,
            Scene("dated", dates_s=SOON, people=("edit",))),
    Mistake("the id is the identity", find, "is_of", lambda clip, post: clip.post_id == post.id,
            Scene("dated", dates_s=SOON, people=("hand on",), wishes=CANCEL)),
    Mistake("a late id is thrown away", doing, "_brings_home",
            lambda state, *_: ("throws its id away", state.rows, LostRace),
            Scene("now", faults=1)),
    Mistake("an id brought home is held though its post is gone", doing, "brought_home",
            _holds_what_is_gone,
            Scene("dated", dates_s=SOON, faults=1, wishes=PAUSES)),
    Mistake("who stood still speaks all the same", visits.Node, "may_speak", lambda *_: True,
            Scene("far ahead", dates_s=FAR, faults=1, wishes=CANCEL)),
    Mistake("the audit passes over what came late", audit, "_came_of", lambda *_: None,
            Scene("far ahead", dates_s=FAR, faults=1, wishes=CANCEL)),
    Mistake("the post is always that of the last send", audit, "sent_as",
            lambda clip, _: clip.sends,
            Scene("far ahead", dates_s=FAR, faults=2, kinds=("late",))),
    Mistake("the order is looked at backwards only", order, "_beside", lambda *_: Verdict.FREE,
            Scene("two dated", clips=2, dates_s=TWO_SOON, faults=1, wishes=PAUSES)),
)  # fmt: skip
