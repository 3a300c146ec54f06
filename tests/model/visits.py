"""A worker's visit as a value: what it read, what it was told since, and what it asks for next.

A generator cannot be copied. So a visit is a path in a tree of answers, and the decision is played
again from its start for each new answer; what it asks for next is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.settings import Settings
from storyclip.domain.clip import Clip
from storyclip.domain.errors import LostRace, NotItsTurn, UpstreamError
from storyclip.domain.moves import Move
from storyclip.domain.story import Post
from storyclip.flow.asking import Course, Rest, Step, Times
from storyclip.flow.calls import Submit
from storyclip.flow.visit import SLACK_S, Visit

Held = tuple[tuple[int, int], ...]  # (clip id, revision)
Begin = Callable[[Visit], Course[None]]


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that is raised inside the decision."""

    kind: type[UpstreamError] | type[NotItsTurn]
    words: str

    def error(self) -> Exception:
        """Return what to raise."""
        return self.kind(self.words)


class Node:
    """One moment of a visit; `asked` is None when it is over.

    `clip` is as this worker last wrote or read it, `created` the post that it was told of and has
    not written yet, `spoke_at` when its patience with itself began, `flaw` what broke it.
    """

    __slots__ = (
        "answer",
        "asked",
        "children",
        "clip",
        "created",
        "flaw",
        "gave_up",
        "held",
        "is_resting",
        "now",
        "parent",
        "root",
        "saw",
        "spoke_at",
        "written",
    )

    def __init__(self, parent: Node | None, clip: Clip | None, now: datetime) -> None:
        self.parent = parent
        self.root: Node = parent.root if parent else self
        self.now = now
        self.clip = clip
        self.answer: Any = None
        self.saw: Any = None  # the rows and posts when it began
        self.created: Post | None = parent.created if parent else None
        self.spoke_at: datetime = parent.spoke_at if parent else now
        self.children: dict[Any, Node] = {}
        self.asked: Step | None = None
        self.is_resting = False
        self.gave_up = False
        self.flaw: str | None = None
        self.held: Held = parent.held if parent else ((clip.id, clip.revision),) if clip else ()
        self.written: dict[Any, Any] = {}  # what came of it, by the rows it was written over

    @property
    def is_begun(self) -> bool:
        """Return whether the visit has done anything yet."""
        return self.parent is not None

    def may_speak(self, now: datetime) -> bool:
        """Return whether a POST or a DELETE may still leave."""
        return (now - self.spoke_at).total_seconds() < SLACK_S


class Root(Node):
    """The beginning of a visit: which decision, and what it read."""

    __slots__ = ("begin", "worker")

    def __init__(self, begin: Begin, worker: str, clip: Clip | None, now: datetime) -> None:
        super().__init__(None, clip, now)
        self.begin = begin
        self.worker = worker


def opened(begin: Begin, worker: str, clip: Clip | None, now: datetime, settings: Settings) -> Node:
    """Begin a visit, up to the first thing that it asks for."""
    root = Root(begin, worker, clip, now)
    _play(root, settings)
    return root


def told(node: Node, answer: Any, now: datetime, settings: Settings) -> Node:
    """Return the visit after an answer."""
    key = (answer, now)
    known = node.children.get(key)
    if known is None:
        known = _after(node, answer, now)
        _play(known, settings)
        node.children[key] = known
    return known


def _after(node: Node, answer: Any, now: datetime) -> Node:
    """Do what `flow.hand.Hand` does for itself when something was done."""
    child = Node(node, node.clip, now)
    child.answer = answer
    if isinstance(node.asked, Move):
        child.spoke_at = now
        if isinstance(answer, Clip):
            child.clip, child.created = answer, None
            others = tuple(one for one in node.held if one[0] != answer.id)
            child.held = (*others, (answer.id, answer.revision))
    elif isinstance(node.asked, Submit) and isinstance(answer, Post):
        child.created = answer
    return child


def _play(node: Node, settings: Settings) -> None:
    """Play the decision from its start up to this moment."""
    path = []
    one: Node | None = node
    while one is not None:
        path.append(one)
        one = one.parent
    root = path.pop()
    assert isinstance(root, Root)
    times = Times(root.now, root.now)
    visit = Visit(settings, root.worker, lambda: 1.0, times)
    try:
        course = root.begin(visit)
        asked = next(course)
        for moment in reversed(path):
            times.now = times.there = moment.now
            if isinstance(moment.answer, Failed):
                asked = course.throw(moment.answer.error())
            else:
                asked = course.send(moment.answer)
        node.asked = asked
    except StopIteration:
        node.asked = None
    except NotItsTurn:
        # `flow.step` lets the clip wait for its turn
        if node.clip is not None:
            node.asked, node.is_resting = Rest(node.clip), True
    except LostRace:
        node.flaw = "LostRace was raised by a decision"
    except UpstreamError as failure:
        # The next audit goes on with it; a step has to know what to make of it
        node.gave_up = True
        node.flaw = None if node.clip is None else f"{type(failure).__name__} escaped the step"
    except Exception as flaw:
        node.flaw = f"{type(flaw).__name__}: {flaw}"
