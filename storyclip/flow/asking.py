"""What a decision may ask for: calls to Metricool, and a few looks into our own rows.

A decision is a generator: it yields what it wants to know or to have written, and goes on with the
answer. It does nothing itself, so it can be run against a real Metricool, a simulated one, or none.
A call that goes wrong is raised inside it, as the error that `domain.story.Upstream` names.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from storyclip.domain.clip import Clip
from storyclip.domain.dates.fair_use import Month
from storyclip.domain.errors import NotItsTurn, UpstreamError
from storyclip.domain.incident import Incident
from storyclip.domain.lane import Lane
from storyclip.domain.moves import Move
from storyclip.domain.send import Send
from storyclip.domain.story import Post
from storyclip.flow.calls import Call, ListPosts
from storyclip.flow.file_deeds import BringFile, FetchFile, ForgetFile, IsFileLeft

T = TypeVar("T")
S = TypeVar("S")

WINDOW = timedelta(days=1)  # Metricool may move a date, and reads our window in its own zone
FAR = timedelta(days=400)  # further than anything can be planned: a person moves a post by days


@dataclass(frozen=True, slots=True)
class HeldByOthers:
    """Ask our rows which of these posts other clips hold; answered with their names."""

    clip: Clip
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Ask our rows for the stories of a month that Metricool's count, made `since`, lacks."""

    lane: Lane
    month: Month
    since: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """Let a clip wait for its turn, and open whoever has it."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class MakeWay:
    """Have all later clips of the batch taken back whose dates are ahead."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class PrepareNext:
    """Have the next clip's file copied while this one waits for its minute."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class BeginRemoval:
    """Write that the post of a send is about to be deleted, as one too many."""

    send: Send
    post: Post


@dataclass(frozen=True, slots=True)
class GoesOnWithout:
    """Ask our rows whether a clip begins anew should the very post that it holds be deleted."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class MarkGone:
    """Write that the post of a send was seen among the deleted."""

    send: Send


@dataclass(frozen=True, slots=True)
class Learn:
    """Write that a lane's lists show our media under other URLs."""

    lane: Lane


@dataclass(frozen=True, slots=True)
class RaiseIncident:
    """Write what a person should look at."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Unknown:
    """Ask our rows which of these posts none of them knows; answered with those."""

    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class LaneLooked:
    """Write that a lane in doubt was looked at, and what was found there that no row knows.

    `over` are the names of posts that cannot be out, nor come out any more. A later look may show
    more than one that is not the last.
    """

    lane: Lane
    strangers: tuple[Post, ...]
    over: frozenset[str]
    is_last: bool = True


Removal = BeginRemoval | GoesOnWithout | MarkGone
Deed = (
    HeldByOthers
    | NotCounted
    | Rest
    | MakeWay
    | PrepareNext
    | BringFile
    | FetchFile
    | ForgetFile
    | IsFileLeft
    | Removal
    | Learn
    | Unknown
    | LaneLooked
    | RaiseIncident
    | Move
)
Step = Call[Any] | Deed
Course = Generator[Step, Any, T]

Query = Call[Any] | HeldByOthers
Search = Generator[Query, Any, T]  # a course that has nothing written


@dataclass(slots=True)
class Times:
    """What time it is, set anew whenever a decision goes on.

    `now` is ours, `there` Metricool's as its answers told it, or ours while it has told nothing.
    `is_heard`: it answered of late; before that nobody knows whether our clock is right.
    """

    now: datetime
    there: datetime
    is_heard: bool = True

    @property
    def ahead(self) -> timedelta:
        """Return what Metricool's clock is ahead of ours."""
        return self.there - self.now

    def at_ours(self, theirs: datetime) -> datetime:
        """Return when our clock shows what Metricool's calls `theirs`."""
        return theirs - self.there + self.now


def run(course: Generator[S, Any, T], give: Callable[[S], Any]) -> T:
    """Run a decision to its end, with `give` for whatever it asks; return what it came to.

    Raises:
        LostRace, StoreUnavailable: by `give`; the decision is over.
        NotItsTurn, UpstreamError: by `give`, and the decision did not know what to make of it.
    """
    try:
        asked = next(course)
        while True:
            try:
                answer = give(asked)
            except (UpstreamError, NotItsTurn) as setback:
                asked = course.throw(setback)
            else:
                asked = course.send(answer)
    except StopIteration as end:
        came_to: T = end.value
        return came_to


def ask(call: Call[T]) -> Search[T]:
    """Make a call, and return its answer.

    Raises:
        UpstreamError: as the call's own method of `Upstream` says.
    """
    answer: T = yield call
    return answer


def put(move: Move) -> Course[Clip]:
    """Have a move written, and return the clip as it is then.

    Raises:
        NotItsTurn: it may not be sent now; nothing was written.
    """
    clip: Clip = yield move
    return clip


def held_by_others(clip: Clip, posts: tuple[Post, ...]) -> Search[set[str]]:
    """Return the names of those posts that other clips of ours hold."""
    names: set[str] = yield HeldByOthers(clip, posts)
    return names


def not_counted(lane: Lane, month: Month, since: datetime) -> Course[int]:
    """Return how many stories of an account in a month Metricool's count, made `since`, lacks."""
    stories: int = yield NotCounted(lane, month, since)
    return stories


def goes_on_without(clip: Clip) -> Course[bool]:
    """Return whether a clip begins anew should the very post that it holds be deleted."""
    is_so: bool = yield GoesOnWithout(clip)
    return is_so


def around(clip: Clip, plans: list[datetime]) -> ListPosts:
    """Return the look around all dates that a clip was asked for."""
    return ListPosts(clip.lane, min(plans) - WINDOW, max(plans) + WINDOW)


def everywhere(clip: Clip, plans: list[datetime]) -> ListPosts:
    """Return the look that also shows what somebody moved far ahead."""
    return ListPosts(clip.lane, min(plans) - WINDOW, max(plans) + FAR)
