"""What a clip is sent with: Metricool's copy of its address, or its bytes brought there as a file.

Bytes are brought by another process, from a row of their own; a turn that comes too early waits.
"""

from __future__ import annotations

from storyclip.domain import moves
from storyclip.domain.clip import Clip
from storyclip.domain.clip_source import FilePiece
from storyclip.domain.clip_words import Told, cause, quoted, say
from storyclip.domain.errors import (
    ErrorCode,
    MediaUnavailable,
    RetrySafety,
    UpstreamBusy,
    UpstreamDenied,
    UpstreamRefused,
    UpstreamUnreachable,
)
from storyclip.domain.media_care import NOT_BROUGHT, UNREAD
from storyclip.domain.moves import later
from storyclip.domain.situation import Situation
from storyclip.domain.transfer import Stage, Transfer
from storyclip.flow.asking import Course, ask, put
from storyclip.flow.calls import PrepareMedia
from storyclip.flow.file_deeds import BringFile, ForgetFile, IsFileLeft
from storyclip.flow.setbacks import (
    DENIED_RETRY_S,
    blocking_in_words,
    hold,
    postpone,
    reconnect_words,
    sent_before,
    try_again_or_fail,
)
from storyclip.flow.visit import Visit


def brought(situation: Situation, piece: FilePiece, visit: Visit) -> Course[str | None]:
    """Return the URL of a clip's bytes in Metricool; None when it waits for them, or failed."""
    clip, transfer = situation.clip, situation.transfer
    if transfer is None:
        is_there: bool = yield BringFile(clip, piece)
        if is_there:
            yield from put(moves.due(clip, later(visit.soon())))
        else:
            words = say("file_gone", before=sent_before(clip))
            yield from put(moves.missed(clip, words, ErrorCode.MEDIA_UNAVAILABLE))
    elif transfer.stage is Stage.STORED:
        return transfer.media_url
    elif transfer.stage is Stage.FAILED:
        yield ForgetFile(clip)  # who asks for it again begins anew
        yield from put(_failed(clip, transfer))
    elif transfer.denied is not None:
        reason = say("no_uploads") if transfer.lacks_uploads else reconnect_words(transfer.denied)
        yield from _held_up(clip, reason, visit)
    else:
        yield from _wait(clip, transfer, visit)
    return None


def fetched(situation: Situation, transfer: Transfer, visit: Visit) -> Course[str | None]:
    """Return the URL to send a clip with that is fetched from its address; None while it waits.

    What cannot be fetched or uploaded is sent as it is: once, for its address proves nothing.
    """
    clip = situation.clip
    if transfer.stage is Stage.STORED:
        return transfer.media_url
    if transfer.stage is Stage.FAILED or transfer.lacks_uploads:
        return clip.source_url
    if transfer.denied is not None:
        yield from _held_up(clip, reconnect_words(transfer.denied), visit)
    else:
        yield from _wait(clip, transfer, visit)
    return None


def copied(clip: Clip, visit: Visit) -> Course[str | None]:
    """Return the media URL of a clip in hand, None when the clip went back or failed."""
    try:
        media_url = yield from ask(PrepareMedia(clip.lane, clip.source_url))
    except UpstreamDenied as refusal:
        setback = hold(clip, visit, refusal.words)
    except UpstreamRefused as refusal:
        code = ErrorCode.MEDIA_REFUSED
        setback = moves.refused(clip, quoted(refusal.words), code, RetrySafety.SAFE)
    except UpstreamBusy as busy:
        setback = postpone(clip, visit, cause(busy), at_least_s=busy.retry_after_s)
    except UpstreamUnreachable as failure:
        setback = postpone(clip, visit, cause(failure))
    except MediaUnavailable as failure:
        setback = try_again_or_fail(clip, visit, cause(failure), ErrorCode.MEDIA_UNAVAILABLE)
    else:
        return media_url
    yield from put(setback)
    return None


def _wait(clip: Clip, transfer: Transfer, visit: Visit) -> Course[None]:
    """Wait for the bytes; what keeps them from coming, the clip says for as long as it lasts."""
    is_left: bool = yield IsFileLeft(clip)
    words = NOT_BROUGHT if is_left else UNREAD if transfer.is_unread else None
    if words or clip.error in (NOT_BROUGHT, UNREAD):
        yield from put(moves.held_up(clip, visit.soon(), words, clip.wished_for))
    else:
        yield from put(moves.due(clip, later(visit.soon())))


def _held_up(clip: Clip, reason: Told, visit: Visit) -> Course[None]:
    waiting = moves.held_up(clip, visit.in_s(DENIED_RETRY_S), reason, clip.wished_for)
    yield from put(blocking_in_words(waiting, visit.now, reason))


def _failed(clip: Clip, transfer: Transfer) -> moves.Move:
    words = say("file_not_brought", why=str(transfer.error), before=sent_before(clip))
    return moves.missed(clip, words, transfer.error_code or ErrorCode.MEDIA_UNAVAILABLE)
