"""Bringing a clip's bytes into Metricool, ahead of its turn: each step written before the next.

Nothing in here publishes. What it ends with, a URL that no other send has, is what the clip's
intent takes up; who dies over it leaves a row from which the next one goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from storyclip.domain import transfer_moves as moves
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_source import FilePiece, fetched_piece, piece_of
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.dates.schedule import backoff_s, seconds
from storyclip.domain.errors import (
    LostRace,
    NotFound,
    UpstreamBusy,
    UpstreamDenied,
    UpstreamError,
    UpstreamUnreachable,
)
from storyclip.domain.situation import Situation, Wanted
from storyclip.domain.transfer import (
    Complete,
    Ended,
    LookByKey,
    Open,
    SendPart,
    Step,
    Transfer,
    Wait,
    next_step,
)
from storyclip.domain.transfer import Fetch as FetchIt
from storyclip.domain.transfer_moves import MISHAPS
from storyclip.domain.upload import Part, Uploads
from storyclip.domain.upload_errors import (
    FileChanged,
    FileUnread,
    SourceNotFetched,
    UploadStopped,
)
from storyclip.flow.engine import Engine
from storyclip.flow.sources import Fetch, Shelf
from storyclip.store.files import pieces, transfers
from storyclip.store.publishing import clips
from storyclip.store.publishing import situation as situations

log = structlog.get_logger("storyclip")

FETCHED_WITHIN = timedelta(seconds=150)
HELD = timedelta(seconds=60)  # how long nobody else begins without a sign of life
SIGN_S = 2.0  # between two of them: people watch how much has left
LOOK_S = 1.0  # between two looks whether the clip is still to be sent
DENIED_RETRY = timedelta(seconds=60)


def bring(
    clip_id: int, engine: Engine, uploads: Uploads, shelf: Shelf, fetch: Fetch | None = None
) -> None:
    """Bring the bytes of a clip's next send into Metricool, as far as it goes now.

    `fetch` has the file of a clip that is an address; without it such a clip is sent as it is.

    Raises:
        StoreUnavailable: what could not be written is done again.
        NotFound: no such clip.
    """
    try:
        situation = situations.read(clip_id)
    except NotFound:
        transfers.end_all_but(clip_id, None)
        raise
    clip = situation.clip
    piece = piece_of(clip.source_url) or fetched_piece(clip.id)
    now = engine.now()
    transfer = transfers.take(clip, engine.worker, now, now + HELD)
    if transfer is None:
        transfers.end_all_but(clip_id, clip.sends)  # or they would be due for ever
        return
    bringing = _Bringing(clip, piece, engine, uploads, shelf, fetch)
    try:
        bringing.run(transfer) if is_wanted(situation) else bringing.give_up(transfer)
    except LostRace as lost:
        log.debug("lost_race", batch=clip.batch_id, clip=clip.index, reason=str(lost))


def is_wanted(situation: Situation) -> bool:
    """Return whether the bytes of a clip may be on their way: it is to be sent, and was not yet."""
    clip = situation.clip
    return (
        clip.state is State.PENDING
        and clip.media_url is None
        and situation.wanted is Wanted.YES
        and situation.batch.pause_requested_at is None
        and situation.here.may_act
    )


class _Bringing:
    """One worker's turn at one transfer."""

    def __init__(
        self,
        clip: Clip,
        piece: FilePiece,
        engine: Engine,
        uploads: Uploads,
        shelf: Shelf,
        fetch: Fetch | None,
    ) -> None:
        self._clip = clip
        self._piece = piece
        self._engine = engine
        self._uploads = uploads
        self._shelf = shelf
        self._fetch = fetch
        self._look_at = self._sign_at = engine.monotonic()
        self._sent = 0  # of the part under way

    def run(self, transfer: Transfer) -> None:
        """Take one step after the other until it ends, has to wait, or is not wanted any more.

        Raises:
            LostRace, StoreUnavailable
        """
        while True:
            step = next_step(transfer, self._engine.now())
            if isinstance(step, Wait | Ended):
                self._let_go(transfer)
                return
            if self._should_stop():
                self.give_up(transfer)
                return
            if isinstance(step, Complete):
                transfer = moves.completing(transfer)
                self._keep(transfer)
            try:
                transfer = self._take(step, transfer)
            except UploadStopped:
                self.give_up(transfer)
                return
            except UpstreamDenied as denied:
                again_at = self._engine.now() + DENIED_RETRY
                transfer = moves.denied(transfer, again_at, denied)
            except UpstreamBusy as busy:
                transfer = moves.put_off(transfer, self._again_at(transfer, busy.retry_after_s))
            except UpstreamUnreachable:
                transfer = moves.put_off(transfer, self._again_at(transfer))
            except (OSError, FileUnread) as failure:
                log.error("spool_gone", batch=self._clip.batch_id, reason=str(failure))
                transfer = moves.unread(transfer, self._again_at(transfer))
            except MISHAPS as mishap:
                again_at, most = self._again_at(transfer), self._engine.settings.max_attempts
                transfer = moves.after(transfer, mishap, again_at, most)
            self._keep(transfer)

    def give_up(self, transfer: Transfer) -> None:
        """Forget what was sent, here and in Metricool: the clip is not to go out now.

        Raises:
            LostRace, StoreUnavailable
        """
        if transfer.upload is not None:
            try:
                self._uploads.abort(transfer.account_id, transfer.upload)
            except UpstreamError as failure:  # it expires by itself
                log.info("upload_not_aborted", batch=self._clip.batch_id, reason=str(failure))
        transfers.prolong(self._clip, self._engine.worker, self._engine.now())
        transfers.forget(self._clip)

    def _take(self, step: Step, transfer: Transfer) -> Transfer:
        uploads, account = self._uploads, transfer.account_id
        match step:
            case FetchIt():
                if self._fetch is None:
                    raise SourceNotFetched("nothing is fetched from outside here")
                until = self._engine.now() + HELD + FETCHED_WITHIN
                transfers.prolong(self._clip, self._engine.worker, until)
                transfer = moves.fetched(transfer, self._fetch(self._clip))
            case Open():
                at = self._engine.now()
                transfer = moves.opened(transfer, uploads.open(account, transfer.file), at)
                crashpoint("tx_opened")
            case SendPart(part):
                transfer = moves.part_sent(transfer, part, self._send(transfer, part))
                crashpoint("part_sent")
            case LookByKey():
                assert transfer.upload is not None
                size = uploads.size_of(account, transfer.upload)
                again_at, most = self._again_at(transfer), self._engine.settings.max_attempts
                transfer = moves.looked(transfer, size, again_at, most)
            case Complete():
                assert transfer.upload is not None
                etags = [etag or "" for etag in transfer.etags]
                url = uploads.complete(account, transfer.upload, etags)
                crashpoint("tx_completed")
                transfer = moves.completed(transfer, url)
        return transfer

    def _send(self, transfer: Transfer, part: Part) -> str:
        assert transfer.upload is not None
        piece = pieces.find(self._piece)
        if piece is None:
            raise FileChanged("the file is not in StoryClip any more")
        self._sent = 0
        with self._shelf.open(piece.name) as source:
            return self._uploads.send_part(
                transfer.upload, transfer.file, part, source, self._should_stop, self._note
            )

    def _note(self, sent: int) -> None:
        self._sent = sent

    def _should_stop(self) -> bool:
        """Return whether the clip is not to be sent now; also a sign that somebody is at it.

        Raises:
            LostRace, StoreUnavailable
        """
        now = self._engine.monotonic()
        if now >= self._sign_at:
            self._sign_at = now + SIGN_S
            until = self._engine.now() + HELD
            transfers.prolong(self._clip, self._engine.worker, until, self._sent)
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_S
        return not is_wanted(situations.read(self._clip.id))

    def _again_at(self, transfer: Transfer, at_least_s: float = 0.0) -> datetime:
        settings = self._engine.settings
        base, most = settings.retry_base_s, settings.retry_max_s
        wait_s = backoff_s(transfer.setbacks, base, most, self._engine.jitter())
        return self._engine.now() + seconds(max(wait_s, at_least_s))

    def _keep(self, transfer: Transfer) -> None:
        at = self._engine.now()
        transfers.keep(self._clip, transfer, self._engine.worker, at + HELD)

    def _let_go(self, transfer: Transfer) -> None:
        """Write what it came to; a turn that waits for it need wait no longer."""
        transfers.keep(self._clip, transfer, self._engine.worker, transfer.again_at)
        crashpoint("media_stored")
        clips.hurry(self._clip, self._engine.now())
