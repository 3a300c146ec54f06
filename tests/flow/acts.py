"""What people do in Metricool's planner to clips on the stage, audits meanwhile, and the judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.clip import Clip, State
from storyclip.domain.views import clip_view
from storyclip.flow.audit import audit
from storyclip.flow.control import Hand, Patience
from storyclip.store.database import reading, run
from storyclip.store.history.events import events_since
from storyclip.store.publishing import lanes
from tests.flow.conftest import ACCOUNT, Stage, source
from tests.people import of
from tests.store.making import reopened

# The rows are the same on PostgreSQL, where the other tests of this folder run as well
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PENDING, WAITING, PUBLISHED = State.PENDING, State.WAITING_CONFIRMATION, State.PUBLISHED
VERIFYING, FAILED, CANCELLED = State.VERIFYING, State.FAILED, State.CANCELLED
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
AUDIT_S = 60.0


def sources(*indexes: int, name: str = "b1") -> list[str]:
    return [source(name, index) for index in indexes]


def dated(stage: Stage, count: int, ahead_s: float = 2 * HOUR_S, **asked: Any) -> list[datetime]:
    """A batch with dates a minute apart, all of it in Metricool."""
    first = stage.at + timedelta(seconds=ahead_s)
    dates = [first + timedelta(minutes=n) for n in range(count)]
    stage.accept(count, dates=dates, gap_s=60.0, **asked)
    stage.play()
    return dates


def live_on(stage: Stage, seconds: float) -> None:
    """Let time pass with audits, rarer and rarer; no lane may ever stall meanwhile."""
    began_at = stage.at
    end = began_at + timedelta(seconds=seconds)
    while stage.at < end:
        every_s = max(AUDIT_S, (stage.at - began_at).total_seconds() / 4)
        stage.pass_time(min(every_s, (end - stage.at).total_seconds()))
        assert reopened(stage.at) == []
        for lane_id in [*lanes.active(stage.at), *stage.audits]:
            audit(lane_id, stage.engine)
        stage.audits.clear()
        stage.play()


def until(stage: Stage, state: State, index: int = 1, name: str = "b1") -> Clip:
    """Let time pass until a clip is in a state."""
    for _ in range(5000):
        if stage.states(name)[index - 1] is state:
            return stage.clips(name)[index - 1]
        stage.pass_time(1)
    raise AssertionError(f"clip {index} never came to be {state}: {stage.clips(name)}")


def until_before(stage: Stage, date: datetime, by_s: float) -> None:
    stage.pass_time((date - stage.at).total_seconds() - by_s)


def post_id(stage: Stage, index: int = 1, name: str = "b1") -> int:
    known = stage.clips(name)[index - 1].post_id
    assert known is not None
    return int(known)


def person(stage: Stage, act: str, index: int = 1, *, name: str = "b1", **what: Any) -> Any:
    """Somebody acts on the post of a clip in the planner; dates are instants."""
    date = what.pop("date", None)
    more = {"date": date.isoformat()} if date else {}
    return stage.sandbox.person(act, postId=post_id(stage, index, name), **more, **what)


def make(stage: Stage, at: datetime, network: str = "facebook", **what: Any) -> Any:
    """Somebody plans a story of their own."""
    return stage.sandbox.person(
        "make", account=ACCOUNT, network=network, date=at.isoformat(), **what
    )


@contextmanager
def impatient(stage: Stage, call: str) -> Iterator[None]:
    """Have one of our calls give up soon, so that nobody waits for what is handled late."""
    quick = stage.access(0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.upstream, call, getattr(quick, call))
        yield


def _nothing() -> None: ...


@contextmanager
def slowly(
    stage: Stage,
    call: str,
    *,
    before: Callable[[], object] = _nothing,
    after: Callable[[], object] = _nothing,
) -> Iterator[None]:
    """Have our next call take its time: things happen before it arrives, or after its answer left.

    Those after it go as ever, also the ones that are made meanwhile.
    """
    make, made = getattr(stage.upstream, call), list[str]()

    def slow(*of: Any) -> Any:
        patch.undo()
        made.append(call)
        before()
        answer = make(*of)
        after()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.upstream, call, slow)
        yield
    assert made == [call]


def die() -> None:
    """What is under way ends here, as a worker that is killed: nothing catches it."""
    raise KeyboardInterrupt


def hand(stage: Stage, meanwhile: Callable[[], object] = lambda: None) -> Hand:
    """The user's hand, in whose waiting time passes and the workers get their steps."""
    began_at = stage.at

    def work(seconds: float) -> None:
        meanwhile()
        stage.pass_time(seconds)

    patience = Patience(lambda: (stage.at - began_at).total_seconds(), work)
    return Hand(stage.settings, lambda: stage.at, patience, of("ana"), None)


def lines(stage: Stage, event: str, by: str | None = None) -> list[dict[str, Any]]:
    return [
        line
        for line in stage.sandbox.ledger()
        if line["event"] == event and by in (None, line["by"])
    ]


def deleted_by_us(stage: Stage) -> list[str]:
    return [line["source"] for line in lines(stage, "deleted", "api")]


def created_by_us(stage: Stage) -> list[str]:
    return [line["source"] for line in lines(stage, "created", "api")]


def incidents(stage: Stage) -> list[str]:
    """The kinds of what a person was told to look at, in the order it was noticed."""
    with reading():
        return [kind for (kind,) in run("SELECT kind FROM incidents ORDER BY id").fetchall()]


def assert_told(stage: Stage, *names: str) -> None:
    """The events, read alone, come to the same as the rows; their numbers have no gap."""
    for name in names or ("b1",):
        mode = stage.batch(name).mode
        events = all_events(name)
        told = {event["clip"]["index"]: event["clip"] for event in events if event["clip"]}
        shown = {clip.index: clip_view(clip, mode) for clip in stage.clips(name)}
        assert told == {index: view for index, view in shown.items() if index in told}
        untold = [clip for clip in stage.clips(name) if clip.index not in told]
        assert all((clip.state, clip.attempts, clip.error) == (PENDING, 0, None) for clip in untold)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def all_events(name: str) -> list[Any]:
    events: list[Any] = []
    while page := events_since(name, len(events)):
        events += page
    return events


def statuses_told(name: str) -> list[str]:
    """What clips of a batch were called over time."""
    return [event["clip"]["status"] for event in all_events(name) if event["clip"]]
