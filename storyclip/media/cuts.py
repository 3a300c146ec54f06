"""Where a long video is cut: evenly, moved to a moment near by at which a cut does not hurt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from storyclip.domain.clip_file import MAX_LENGTH_S, MIN_LENGTH_S

NEAR_S = 5.0  # a cut is moved no further from its even mark
SLACK_S = 0.05  # a frame or two: pieces stay so much below a minute, and for less none is cut off


class Sign(StrEnum):
    """Why a cut does not hurt at a moment."""

    SILENCE = "silence"
    SCENE = "scene"


@dataclass(frozen=True, slots=True)
class Moment:
    """A good place for a cut, in seconds from the start."""

    at_s: float
    sign: Sign


# A silence is worth a way of so many seconds, a new scene of fewer: a word cut in two is heard.
_WORTH_S = {Sign.SILENCE: 5.0, Sign.SCENE: 3.0}


def even_marks(length_s: float) -> tuple[float, ...]:
    """Where a video would be cut into as few even pieces as may be; none for a short one."""
    count = _count(length_s)
    return tuple(length_s * number / count for number in range(1, count))


def cuts(length_s: float, moments: Sequence[Moment]) -> tuple[float, ...]:
    """Move each even mark to the best moment near by, as far as every piece stays in bounds."""
    marks = even_marks(length_s)
    found: list[float] = []
    before_s = 0.0
    for number, mark_s in enumerate(marks, 1):
        pieces_after = len(marks) + 1 - number
        earliest_s = max(
            before_s + MIN_LENGTH_S,
            length_s - pieces_after * (MAX_LENGTH_S - SLACK_S),
            mark_s - NEAR_S,
        )
        latest_s = min(
            before_s + MAX_LENGTH_S - SLACK_S,
            length_s - pieces_after * MIN_LENGTH_S,
            mark_s + NEAR_S,
        )
        before_s = _best(mark_s, earliest_s, latest_s, moments)
        found.append(before_s)
    return tuple(found)


def pieces_between(length_s: float, at: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The start and length of each piece."""
    edges = [0.0, *at, length_s]
    spans = ((round(start, 3), round(end - start, 3)) for start, end in pairwise(edges))
    if len(edges) == 2 and length_s <= MAX_LENGTH_S + SLACK_S:
        return ((0.0, min(round(length_s, 3), MAX_LENGTH_S)),)
    return tuple(spans)


def _count(length_s: float) -> int:
    if length_s <= MAX_LENGTH_S + SLACK_S:
        return 1
    return math.ceil(length_s / (MAX_LENGTH_S - SLACK_S))


def _best(mark_s: float, earliest_s: float, latest_s: float, moments: Sequence[Moment]) -> float:
    """The moment that is worth its way, else the mark; both within the bounds."""
    mark_s = min(max(mark_s, earliest_s), latest_s)
    near = [moment for moment in moments if earliest_s <= moment.at_s <= latest_s]
    if not near:
        return round(mark_s, 3)
    best = min(near, key=lambda moment: abs(moment.at_s - mark_s) - _WORTH_S[moment.sign])
    is_worth_it = abs(best.at_s - mark_s) <= _WORTH_S[best.sign]
    return round(best.at_s if is_worth_it else mark_s, 3)
