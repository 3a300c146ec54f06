"""What will be made of a file: nothing, something better, or several pieces. Pure: looks at facts.

A file that fits goes out bit-identical. Streams that fit are copied without loss where only what
is around them is wrong (MOV, index at the end, edit list, no sound); the rest is encoded anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from storyclip.domain.clip_file import MAX_BYTES, MAX_LENGTH_S, MIN_LENGTH_S, MP4
from storyclip.media.cuts import Moment, cuts, pieces_between
from storyclip.media.effort import seconds_to_encode, seconds_to_repack
from storyclip.media.facts import Audio, Facts, Kind
from storyclip.media.judging import problems_of
from storyclip.media.problem import Code, Fact, Problem, Weight

STILL_S = 5.0
SECONDS_A_PICTURE = 1.0


class Fit(StrEnum):
    """How a picture that is not 9:16 becomes so."""

    BLURRED = "blurred"  # whole, on a blurred ground of itself
    CROP = "crop"  # filled, the edges cut off


class Action(StrEnum):
    """What is done with a file."""

    KEEP = "keep"  # it goes out as it is, bit for bit
    MEND = "mend"  # one piece is made of it
    CUT = "cut"  # several are
    REFUSE = "refuse"  # `problems` say why


class Stream(StrEnum):
    """What is done with the picture or the sound."""

    COPY = "copy"
    ENCODE = "encode"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user wishes.

    Args:
        prepare: mend what would be refused; else such a file is refused.
        cut_marks: seconds at which a long video is to be cut, instead of where we would.
        still_as_video: a picture becomes a video of STILL_S.
    """

    fit: Fit = Fit.BLURRED
    prepare: bool = True
    cut_marks: tuple[float, ...] | None = None
    still_as_video: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One story of what is made; `number` from 1, `estimate_s` on a quiet machine."""

    number: int
    start_s: float
    length_s: float
    estimate_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done; `reasons` are the problems that are mended by it, or that refuse it."""

    action: Action
    reasons: tuple[Problem, ...] = ()
    pieces: tuple[Piece, ...] = ()
    fit: Fit = Fit.BLURRED
    video: Stream = Stream.COPY
    audio: Stream = Stream.COPY
    is_picture: bool = False  # the pieces are JPEGs

    @property
    def estimate_s(self) -> float:
        return sum(piece.estimate_s for piece in self.pieces)

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads, fit for a row."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Plan:
        """The plan that `as_json` wrote."""
        reasons = [
            Problem(Code(r["code"]), Weight(r["weight"]), r["facts"]) for r in said["reasons"]
        ]
        return cls(
            Action(said["action"]),
            tuple(reasons),
            tuple(Piece(**piece) for piece in said["pieces"]),
            Fit(said["fit"]),
            Stream(said["video"]),
            Stream(said["audio"]),
            said["is_picture"],
        )


def plan(facts: Facts, options: Options, moments: Sequence[Moment] = ()) -> Plan:
    """Decide what is to become of a file.

    Args:
        moments: where a cut would not hurt, found by `find_moments`; without them, and where none
            is near, the cuts are even.
    """
    problems = problems_of(facts)
    blocking = tuple(problem for problem in problems if problem.weight is Weight.BLOCKS)
    if blocking:
        return Plan(Action.REFUSE, blocking)
    if not options.prepare:
        refused = tuple(problem for problem in problems if problem.weight is Weight.REFUSED)
        return Plan(Action.REFUSE if refused else Action.KEEP, refused or problems)
    reasons = tuple(problem for problem in problems if problem.weight is not Weight.SAID)
    if facts.kind is Kind.PICTURE:
        return _of_picture(reasons, options)
    return _of_video(facts, reasons, options, moments)


def _of_picture(reasons: tuple[Problem, ...], options: Options) -> Plan:
    if options.still_as_video:
        still = Piece(1, 0.0, STILL_S, SECONDS_A_PICTURE + seconds_to_encode(None, STILL_S))
        return Plan(Action.MEND, reasons, (still,), options.fit, Stream.ENCODE, Stream.SILENT)
    if not reasons:
        return Plan(Action.KEEP, is_picture=True)
    made = Piece(1, 0.0, 0.0, SECONDS_A_PICTURE)
    return Plan(Action.MEND, reasons, (made,), options.fit, Stream.ENCODE, is_picture=True)


# What is wrong around the streams, or with the sound alone: the picture is copied.
_PICTURE_IS_FINE = {
    Code.CONTAINER,
    Code.INDEX_LAST,
    Code.EDIT_LIST,
    Code.NO_AUDIO,
    Code.AUDIO_CODEC,
    Code.AUDIO_CHANNELS,
    Code.AUDIO_RATE,
    Code.SOUND_LONGER,
}

_SOUND = {Code.AUDIO_CODEC, Code.AUDIO_CHANNELS, Code.AUDIO_RATE, Code.SOUND_LONGER}


def _of_video(
    facts: Facts, reasons: tuple[Problem, ...], options: Options, moments: Sequence[Moment]
) -> Plan:
    length_s = facts.length_s or 0.0
    at = cuts(length_s, moments) if options.cut_marks is None else sorted(options.cut_marks)
    spans = pieces_between(length_s, at)
    if wrong := _wrong_marks(spans):
        return Plan(Action.REFUSE, wrong)
    if not reasons and len(spans) == 1:
        return Plan(Action.KEEP)
    # Other containers round the time of each frame, which in an MP4 makes them uneven.
    is_near = facts.container == MP4
    wrong_picture = any(reason.code not in _PICTURE_IS_FINE for reason in reasons)
    encoded = len(spans) > 1 or wrong_picture or not is_near
    video = Stream.ENCODE if encoded else Stream.COPY
    audio = _of_sound(facts.audio, reasons, encoded)
    pieces = tuple(
        Piece(number, start_s, span_s, _estimate_s(facts, video, span_s))
        for number, (start_s, span_s) in enumerate(spans, 1)
    )
    action = Action.CUT if len(pieces) > 1 else Action.MEND
    return Plan(action, reasons, pieces, options.fit, video, audio)


def _wrong_marks(spans: Sequence[tuple[float, float]]) -> tuple[Problem, ...]:
    """Marks come from people: pieces of a wrong length are refused, not silently moved."""
    for number, (_, span_s) in enumerate(spans, 1):
        if not MIN_LENGTH_S - 0.001 <= span_s <= MAX_LENGTH_S + 0.001:
            bounds: dict[str, Fact] = {"least_s": MIN_LENGTH_S, "most_s": MAX_LENGTH_S}
            facts: dict[str, Fact] = {"piece": number, "length_s": round(span_s, 2), **bounds}
            return (Problem(Code.CUT_MARKS, Weight.BLOCKS, facts),)
    return ()


def _of_sound(audio: Audio | None, reasons: Sequence[Problem], encoded: bool) -> Stream:
    if audio is None:
        return Stream.SILENT
    wrong = any(reason.code in _SOUND for reason in reasons)
    return Stream.ENCODE if encoded or wrong else Stream.COPY


def _estimate_s(facts: Facts, video: Stream, span_s: float) -> float:
    if video is Stream.COPY:
        return seconds_to_repack(min(facts.size_bytes, MAX_BYTES))
    return seconds_to_encode(facts.video, span_s)
