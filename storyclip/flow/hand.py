"""The hand of a worker: does what a decision asks for, and writes what it decides."""

from __future__ import annotations

from typing import Any

from storyclip.domain.clip import ENDED, Clip
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import LostRace, StoreUnavailable
from storyclip.domain.installation import Sending
from storyclip.domain.moves import Move
from storyclip.domain.story import Post
from storyclip.flow.asking import (
    BeginRemoval,
    GoesOnWithout,
    HeldByOthers,
    LaneLooked,
    Learn,
    MakeWay,
    MarkGone,
    NotCounted,
    PrepareNext,
    RaiseIncident,
    Rest,
    Step,
    Unknown,
)
from storyclip.flow.calls import Submit
from storyclip.flow.engine import Engine
from storyclip.flow.file_deeds import BringFile, FetchFile, ForgetFile, IsFileLeft
from storyclip.flow.send import brought_home
from storyclip.flow.visit import SLACK_S
from storyclip.store.files import media_life
from storyclip.store.files import transfers as files
from storyclip.store.once_more import once_more
from storyclip.store.publishing import (
    clips,
    doubts,
    lanes,
    quota,
    recalls,
    sends,
    strangers,
    writer,
)
from storyclip.store.publishing import situation as situations
from storyclip.store.service import incidents

KEPT_FOR_S = 120.0  # an id in hand while the database is away: restarts are over by then
LOOK_AGAIN_S = 1.0
MOST_RACES = 10  # lost in a row with an id in hand; each one means that somebody else moved the row


class Hand:
    """Gives a decision what it asks for, and writes what it decides."""

    def __init__(self, engine: Engine, clip: Clip | None = None) -> None:
        """Begin a visit to a clip; None where a whole lane is looked at."""
        self.visit = engine.visit()
        self.clip = clip
        self.goes_on = False
        self._engine = engine
        self._created: Post | None = None
        self._send_by = engine.monotonic() + SLACK_S

    def give(self, asked: Step) -> Any:
        """Return the answer to what is asked for.

        Raises:
            LostRace, NotItsTurn, StoreUnavailable: a move was not written.
            UpstreamError: a call went wrong.
        """
        try:
            return self._give(asked)
        finally:
            self._engine.refresh(self.visit.times)

    def _give(self, asked: Step) -> Any:
        match asked:
            case Move():
                return self._write(asked)
            case HeldByOthers():
                return situations.held_by_others(asked.clip, asked.posts)
            case NotCounted():
                return quota.not_counted(asked.lane.account_id, asked.month, asked.since)
            case Rest():
                return writer.rest(asked.clip, self._engine.now())
            case MakeWay():
                return recalls.make_way(asked.clip, self.visit.now, self.visit.there)
            case BeginRemoval():
                return sends.begin_removal(asked.send, asked.post, self.visit.now)
            case GoesOnWithout():
                return sends.goes_on_without(asked.clip)
            case MarkGone():
                return sends.mark_gone(asked.send, self.visit.now)
            case Unknown():
                return strangers.unknown(asked.posts)
            case LaneLooked():
                return doubts.looked(
                    asked.lane,
                    asked.strangers,
                    self.visit.now,
                    asked.over,
                    is_last=asked.is_last,
                )
            case Learn():
                return lanes.learn(asked.lane)
            case RaiseIncident():
                return incidents.raise_incident(asked.incident, self.visit.now)
            case PrepareNext():
                following = clips.next_in_batch(asked.clip)
                return None if following is None else self._engine.ring_prepare(following)
            case BringFile():
                return files.bring(asked.clip, asked.piece, self._engine.now())
            case FetchFile():
                return files.fetch(asked.clip, self._engine.now())
            case ForgetFile():
                return files.forget(asked.clip)
            case IsFileLeft():
                return media_life.is_left_of(asked.clip, self._engine.now())
        if isinstance(asked, Submit) and self.clip is not None:
            sending = Sending(self.clip.id, self.clip.sends, self._engine.now())
            self._engine.leave_sending(sending)  # before: rows put back would not know of it
        answer = asked.make(self._engine.upstream, self._send_by)
        if isinstance(asked, Submit):
            self._created = answer
        crashpoint(asked.point)
        return answer

    def _write(self, move: Move) -> Clip:
        self.goes_on = False
        crashpoint("decided")
        # Whoever stood still since this moment for longer than SLACK_S may not speak any more
        self._send_by = self._engine.monotonic() + SLACK_S
        if self._created is None:
            self.clip = once_more(lambda: writer.write(move, self._engine.now()))
        else:
            self.clip = _kept(move, self._created, self._engine)
        self._created = None
        self.goes_on = _is_in_hand(self.clip)
        return self.clip


def _is_in_hand(clip: Clip) -> bool:
    """Return whether the step that wrote it meant to go on with it."""
    is_rung = clip.next_at is not None and clip.next_at == clip.rung_at
    return is_rung and clip.state not in ENDED


def _kept(move: Move, post: Post, engine: Engine) -> Clip:
    """Write a move with the id that Metricool gave, also once the database is back: nobody else
    has it.

    Raises:
        LostRace: the clip went on without it; the post is written down, and looked after.
        StoreUnavailable: the database was away for KEPT_FOR_S; its media may still be found.
    """
    over_at = engine.monotonic() + KEPT_FOR_S
    while True:
        try:
            try:
                return writer.write(move, engine.now())
            except LostRace:
                return _bring_home(move.before, post, engine)
        except StoreUnavailable:
            if engine.monotonic() >= over_at:
                raise
            engine.wait(LOOK_AGAIN_S)


def _bring_home(sent: Clip, post: Post, engine: Engine) -> Clip:
    """Write an id whose clip somebody else moved meanwhile: called dead while only slow.

    Raises:
        LostRace: the clip went on without it; the post is written down, and looked after.
        StoreUnavailable: it was not written.
    """
    for _ in range(MOST_RACES):
        situation = situations.read(sent.id)
        move = brought_home(situation, post, sent.sends, engine.visit())
        if move is None:
            break
        try:
            return writer.write(move, engine.now())
        except LostRace:
            continue
    sends.keep_late_id(sent, sent.sends, post)
    engine.ring_audit(sent.lane.id)
    raise LostRace(f"clip {sent.index} of {sent.batch_id} has gone on without post {post.id}")
