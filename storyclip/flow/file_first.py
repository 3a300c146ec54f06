"""A clip that is a file waits for its bytes to be in Metricool before it is sent.

They are brought by another process, from a row of their own; a turn that comes too early waits.
"""

from __future__ import annotations

from storyclip.domain import moves
from storyclip.domain.clip import Clip
from storyclip.domain.clip_source import FilePiece
from storyclip.domain.errors import ErrorCode
from storyclip.domain.moves import later
from storyclip.domain.situation import Situation
from storyclip.domain.transfer import Stage, Transfer
from storyclip.flow.asking import Course, put
from storyclip.flow.file_deeds import BringFile, ForgetFile
from storyclip.flow.setbacks import DENIED_RETRY_S, blocking_in_words, reconnect_words
from storyclip.flow.visit import Visit

_GONE = (
    "The file of this story is not in StoryClip any more. Nothing was sent: upload it again, and"
    " publish it anew."
)

_NO_UPLOADS = (
    "Metricool's plan for this account has no uploads, and without them a file cannot be published."
    " Nothing more is sent until it has them, or the batch is cancelled; StoryClip goes on by"
    " itself then."
)


def brought(situation: Situation, piece: FilePiece, visit: Visit) -> Course[str | None]:
    """Return the URL of a clip's bytes in Metricool; None when it waits for them, or failed."""
    clip, transfer = situation.clip, situation.transfer
    if transfer is None:
        is_there: bool = yield BringFile(clip, piece)
        if is_there:
            yield from put(moves.due(clip, later(visit.soon())))
        else:
            yield from put(moves.missed(clip, _GONE, ErrorCode.MEDIA_UNAVAILABLE))
    elif transfer.stage is Stage.STORED:
        return transfer.media_url
    elif transfer.stage is Stage.FAILED:
        yield ForgetFile(clip)  # who asks for it again begins anew
        yield from put(_failed(clip, transfer))
    elif transfer.denied is not None:
        reason = _NO_UPLOADS if transfer.lacks_uploads else reconnect_words(transfer.denied)
        until = visit.in_s(DENIED_RETRY_S)
        waiting = moves.held_up(clip, until, reason, clip.wished_for)
        yield from put(blocking_in_words(waiting, visit.now, reason))
    else:
        yield from put(moves.due(clip, later(visit.soon())))
    return None


def _failed(clip: Clip, transfer: Transfer) -> moves.Move:
    words = f"The file could not be brought into Metricool: {transfer.error}. Nothing was sent."
    return moves.missed(clip, words, transfer.error_code or ErrorCode.MEDIA_UNAVAILABLE)
