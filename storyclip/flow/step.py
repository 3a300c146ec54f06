"""One step of one clip: read its situation, decide, write, and go on while it is in our hand.

A worker may die in any gap between two of these, or wake up long after; the rows tell the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import structlog

from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_source import piece_of
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import LostRace, NotItsTurn, UpstreamError
from storyclip.domain.situation import Situation
from storyclip.flow.asking import Course, run
from storyclip.flow.begin import begin
from storyclip.flow.confirm import confirm
from storyclip.flow.doubt import HELD_LOOK, waits
from storyclip.flow.engine import Engine
from storyclip.flow.hand import Hand
from storyclip.flow.lane_care import look_at_lane
from storyclip.flow.send import recover
from storyclip.flow.settle import settle
from storyclip.flow.visit import Visit
from storyclip.flow.watch import watch_lost
from storyclip.store.files import transfers
from storyclip.store.publishing import clips, writer
from storyclip.store.publishing import situation as situations
from storyclip.store.service import newest

log = structlog.get_logger("storyclip")

Decision = Callable[[Situation, Visit], Course[None]]


def step(clip_id: int, engine: Engine) -> None:
    """Take the steps that are due for a clip; nothing if somebody else did or it is not due.

    Raises:
        StoreUnavailable: what could not be written was not done, or will be found out by looking.
        NotFound: no such clip: a message that is none of ours.
    """
    crashpoint("bell_heard")
    while True:
        situation = situations.read(clip_id)
        decide = decision_for(situation.clip)
        if decide is None or not situation.clip.is_due(engine.now()):
            return
        if not situation.here.may_act:
            return  # these rows are none to act on here, whoever rings
        if (again_at := _waits_until(situation.clip, engine)) is _READ_ANEW:
            continue
        if again_at is not None:
            decide = partial(waits, until=again_at)
        hand = Hand(engine, situation.clip)
        try:
            _decide(decide, situation, hand, engine)
        except LostRace:
            log.debug("lost_race", batch=situation.clip.batch_id, clip=situation.clip.index)
            return
        if not hand.goes_on:
            return


def _decide(decide: Decision, situation: Situation, hand: Hand, engine: Engine) -> None:
    try:
        run(decide(situation, hand.visit), hand.give)
    except NotItsTurn as later:
        log.debug("not_its_turn", batch=situation.clip.batch_id, reason=str(later))
        writer.rest(hand.clip or situation.clip, engine.now())


def _waits_until(clip: Clip, engine: Engine) -> datetime | None:
    """Return until when a clip waits because its lane is in doubt, None if it need not.

    Looks at the lane itself, if nobody has: then its rows are to be read anew. What is looked for
    may be found meanwhile; what is not there may be there all the same.

    Raises:
        StoreUnavailable: nothing was written.
    """
    if clip.state not in _NOT_KNOWN_TO_BE_THERE or not clip.lane.is_in_doubt:
        return None
    if clip.lane.doubted_since is not None:
        return look_at_lane(clip.lane, engine) or _READ_ANEW
    is_sent = clip.was_sent or clip.state is State.VERIFYING
    return None if is_sent else engine.now() + HELD_LOOK


_READ_ANEW = datetime.min.replace(tzinfo=UTC)
_NOT_KNOWN_TO_BE_THERE = frozenset({State.PENDING, State.UPLOADING, State.VERIFYING})


def decision_for(clip: Clip) -> Decision | None:
    """Return what decides about a clip as it is, None where nothing is left to be decided."""
    if clip.state is State.FAILED and clip.post_id is None:
        return watch_lost
    return _DECISIONS.get(clip.state)


_DECISIONS: dict[State, Decision] = {
    State.PENDING: begin,
    State.UPLOADING: recover,
    State.VERIFYING: settle,
    State.WAITING_CONFIRMATION: confirm,
    State.FAILED: confirm,
}


def prepare(clip_id: int, engine: Engine) -> None:
    """Have Metricool copy a clip's file ahead of its turn; what goes wrong shows at its turn."""
    clip = clips.find(clip_id)
    if clip.state is not State.PENDING or clip.media_url is not None or not newest.find().may_act:
        return
    if (piece := piece_of(clip.source_url)) is not None:
        transfers.bring(clip, piece, engine.now())
        return
    try:
        media_url = engine.upstream.prepare_media(clip.lane.account_id, clip.source_url)
    except UpstreamError as failure:
        log.info("prepare_failed", batch=clip.batch_id, clip=clip.index, reason=str(failure))
        return
    crashpoint("media_prepared")
    if engine.settings.fetch_clips and media_url == clip.source_url:
        transfers.fetch(clip, engine.now())  # no copy of its own: the address proves nothing
        return
    clips.store_media(clip, media_url)
    crashpoint("media_stored")
