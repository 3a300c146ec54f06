"""Where the kills are: every crash point on the first, a middle and the last clip."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from storyclip.domain.crashpoint import POINTS

CLIPS = 3
POSITIONS = (1, 2, 3)  # first, middle, last
WEB_POINTS = ("batch_committed", "answer_ready", "wish_written")

ON_THE_WAY = (
    "bell_heard",
    "media_prepared",
    "claimed",
    "intended",
    "request_sent",
    "answered",
    "accepted",
    "unanswered",
    "found",
    "absent",
    "postponed",
    "seen_live",
)

Fault = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One batch of three clips and what is done to it.

    Args:
        nth: the process dies when `point` is reached for the nth time.
        faults: the sandbox's, on the clip in question.
        ends_as: error code that the clip's row may honestly end with instead of being published.
        flush: FLUSHDB of the queue's Redis right after the kill.
        second: another point where the successor is killed as well.
        workers: how many work besides the one that is killed.
        wish: `pause` or `cancel`, made when Metricool has the clip in question; dates are then
            seconds ahead, so that there is time to delete. What was paused is cancelled in the end.
        is_planned: the clips have dates of their own, and all are handed over at once.
        is_missed: the date of the clip in question was over long ago.
    """

    point: str
    clip: int
    nth: int
    faults: tuple[Fault, ...] = ()
    ends_as: str | None = None
    flush: bool = False
    second: str | None = None
    workers: int = 0
    unsafe: str | None = None
    wish: str | None = None
    is_planned: bool = False
    is_missed: bool = False

    def __str__(self) -> str:
        parts = [self.point, f"clip{self.clip}"]
        parts += ["planned"] if self.is_planned else []
        parts += [f"then-{self.second}"] if self.second else []
        parts += ["flush"] if self.flush else []
        parts += [f"with-{self.workers}-more"] if self.workers else []
        return "-".join([*parts, self.unsafe] if self.unsafe else parts)


def every_point() -> Iterator[Scenario]:
    """Yield each registered point on each position; a point nobody thought of raises KeyError."""
    for point in POINTS:
        for clip in POSITIONS:
            yield _at(point, clip)


def with_dates() -> Iterator[Scenario]:
    """Yield the kills on the way of a clip with a date of its own, on the middle one."""
    for point in ON_THE_WAY:
        scenario = replace(_at(point, 2), is_planned=True)
        # Nothing is prepared ahead: each is claimed first and intended when it has its media
        yield replace(scenario, faults=()) if point == "intended" else scenario


def more(rng: random.Random) -> Iterator[Scenario]:
    """Yield the same again and again, with more going wrong at once."""
    base = [*every_point(), *with_dates()]
    worker_points = [point for point in POINTS if point not in WEB_POINTS]
    while True:
        for scenario in rng.sample(base, len(base)):
            yield replace(
                scenario,
                flush=rng.random() < 0.3,
                second=rng.choice(worker_points) if rng.random() < 0.4 else None,
                workers=int(rng.random() < 0.3),
            )


def _at(point: str, clip: int) -> Scenario:
    def on_clip(fault: str, **spec: Any) -> tuple[Fault, ...]:
        return ({"fault": fault, "source": f"/{clip}.mp4", "times": 1, **spec},)

    if point in WEB_POINTS:
        return Scenario(point, clip, nth=1, wish="cancel" if point == "wish_written" else None)
    if point in ("taking_back", "deleted", "withdrawn"):
        # Only what Metricool has is taken back; what was to come is cancelled with the wish
        return Scenario(point, clip, nth=1, wish="cancel")
    if point == "recalled":
        return Scenario(point, clip, nth=clip, wish="pause", is_planned=True)
    if point == "missed":
        return Scenario(point, clip, nth=1, is_planned=True, is_missed=True, ends_as="missed")
    plain = Scenario(point, clip, nth=clip)
    faulty = replace(plain, nth=1)
    return {
        "bell_heard": lambda: plain,
        "media_prepared": lambda: plain,
        "media_stored": lambda: replace(plain, nth=min(clip, CLIPS - 1)),  # the first has no ahead
        "request_sent": lambda: plain,
        "answered": lambda: plain,
        "live": lambda: plain,
        "claimed": lambda: plain,
        "accepted": lambda: plain,
        "seen_live": lambda: plain,
        "intended": lambda: (
            plain
            if clip == 1
            else replace(plain, nth=2, faults=on_clip("normalize_fails", status=502))
        ),
        "looked": lambda: replace(faulty, faults=on_clip("create_then_drop")),
        "unanswered": lambda: replace(faulty, faults=on_clip("create_then_status", status=500)),
        "found": lambda: replace(faulty, faults=on_clip("create_then_html_200")),
        "absent": lambda: replace(faulty, faults=on_clip("drop_before_create")),
        "postponed": lambda: replace(faulty, faults=on_clip("busy_429", seconds=1)),
        "moved": lambda: replace(faulty, faults=on_clip("date_moved", seconds=1)),
        "refused": lambda: replace(
            faulty, faults=on_clip("refuse", words="no such codec"), ends_as="refused"
        ),
        "seen_failed": lambda: replace(
            faulty, faults=on_clip("network_error", words="no"), ends_as="network_error"
        ),
        "timed_out": lambda: replace(
            faulty, faults=on_clip("never_publishes"), ends_as="unconfirmed"
        ),
    }[point]()
