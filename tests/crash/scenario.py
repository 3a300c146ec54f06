"""What is done to one batch: how it was asked for, where it is killed, what its user wishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storyclip.domain.clip import State

CLIPS = 3
FIRST, MIDDLE, LAST = POSITIONS = (1, 2, 3)
EVERY = 0  # in place of a clip's index: all of them
WEB_POINTS = ("batch_committed", "answer_ready", "wish_written")
STOPS = ("pause", "cancel")
ENDS = ("cancel", "delete")  # of clips that are not out then

NOW, SCHEDULED, BEST_TIME = "now", "scheduled", "bestTime"
NEAR, FAR = "near", "far"  # dates seconds ahead, and more than an hour

Fault = Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    """One call of the user, made once a clip is `once`, or has ended.

    Args:
        verb: `pause`, `resume`, `cancel`, `retry-failed`; or `delete`, done to the clip's post by
            a person in the planner; or `forbid`, done to the user by an admin.
        query: more of it than the batch.
        fault: the sandbox's, switched on right before.
    """

    verb: str
    once: State | None = None
    clip: int = EVERY
    query: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(frozen=True)
class Scenario:
    """A batch of three clips and what is done to it.

    Args:
        nth: the process dies when `point` is reached for the nth time.
        network: `facebook` or `instagram`.
        mode: how the dates are asked for.
        dates: NEAR ones are drawn near after the hand-over; what is FAR is accepted upstream, and
            cancelled in the end.
        is_missed: the dates up to that of the clip in question were over long ago.
        pauses: the batch is one that a failed clip pauses.
        beside: mode of a second batch on the same lane, None without.
        faults: the sandbox's, on the clip in question.
        ends_as: error code that the clip's row may honestly end with instead of being published.
        acts: what the user does meanwhile, one after the other.
        then: further points; a successor is killed at each, or three seconds later.
        flush: FLUSHDB of the queue's Redis right after the kill.
        workers: how many work besides the one that is killed.
        is_sure: the point is reached in any case; else it may be a kill at any moment.
        environ: settings that differ.
        unsafe: the mistake that the workers make.
    """

    point: str
    clip: int
    nth: int = 1
    network: str = "facebook"
    mode: str = NOW
    dates: str = NEAR
    is_missed: bool = False
    pauses: bool = False
    beside: str | None = None
    faults: tuple[Fault, ...] = ()
    ends_as: str | None = None
    acts: tuple[Act, ...] = ()
    then: tuple[str, ...] = ()
    flush: bool = False
    workers: int = 0
    is_sure: bool = True
    environ: Mapping[str, str] = field(default_factory=dict)
    unsafe: str | None = None

    @property
    def is_planned(self) -> bool:
        """Return whether the clips have dates of their own."""
        return self.mode != NOW

    @property
    def is_far(self) -> bool:
        """Return whether nothing of it is due before its end."""
        return self.is_planned and self.dates == FAR

    @property
    def is_stopped(self) -> bool:
        """Return whether the user stops it, for a while or for good."""
        return any(act.verb in STOPS for act in self.acts)

    @property
    def is_one_sequence(self) -> bool:
        """Return whether two batches go out strictly one after the other."""
        return self.mode == NOW and self.beside == NOW and not self.acts

    def __str__(self) -> str:
        parts = [self.point, f"clip{self.clip}"]
        parts += [self.network] if self.network != "facebook" else []
        parts += [self.mode, self.dates] if self.is_planned else []
        parts += ["pauses"] if self.pauses else []
        parts += [f"beside-{self.beside}"] if self.beside else []
        parts += [act.verb for act in self.acts]
        parts += [f"then-{point}" for point in self.then]
        parts += ["flush"] if self.flush else []
        parts += [f"with-{self.workers}-more"] if self.workers else []
        return "-".join([*parts, self.unsafe] if self.unsafe else parts)


def on_clip(clip: int, fault: str, **spec: Any) -> tuple[Fault, ...]:
    """Return a fault that hits a clip once."""
    return ({"fault": fault, "source": f"/{clip}.mp4", "times": 1, **spec},)
