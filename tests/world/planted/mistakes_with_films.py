"""Mistakes with films on their way: each is what somebody could write in good faith."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from storyclip.domain import transfer_moves
from storyclip.domain.errors import UpstreamUnanswered
from storyclip.domain.transfer import Stage
from storyclip.domain.user_file import FileState
from storyclip.flow import mend_file
from storyclip.spool.arriving import Arriving
from storyclip.store.database import writing
from storyclip.store.files import pieces, sweeping, transfers
from storyclip.store.files.models import TransferRow
from tests.world.planted.plant import Plant, plant


@plant("films")
def an_upload_believed_without_its_answer(instead: Plant) -> None:
    """Take an upload for completed when nobody answered that it is not."""
    kept = transfer_moves.after

    def after(transfer: Any, mishap: Any, again_at: Any, most: int) -> Any:
        is_silence = isinstance(mishap, UpstreamUnanswered)
        if is_silence and transfer.stage is Stage.COMPLETING:
            url = transfer.upload.file_url or f"https://static.metricool.com/{transfer.upload.key}"
            return transfer_moves.completed(transfer, url)
        return kept(transfer, mishap, again_at, most)

    instead.of(transfer_moves, "after", after)


@plant("films")
def swept_while_a_batch_needs_it(instead: Plant) -> None:
    """Remove a film that nobody touched for some minutes, whatever is made of it."""
    instead.of(sweeping, "_NEEDED", "(0 AND ? IS NULL)")
    instead.of(sweeping, "KEPT", timedelta(minutes=3))


@plant("films")
def pieces_in_any_order(instead: Plant) -> None:
    """Publish the pieces of a film in the order in which they are found."""
    kept = pieces.ready

    def ready(file_ids: Any, reach: Any) -> Mapping[str, Any]:
        found = kept(file_ids, reach)
        return {one: numbers[::-1] for one, numbers in found.items()}

    instead.of(pieces, "ready", ready)


@plant("films")
def one_upload_for_all_sends(instead: Plant) -> None:
    """Send a clip that is asked for again under the URL that its bytes have."""
    instead.of(transfers, "_FIND", "SELECT transfer FROM transfers WHERE clip_id = ? AND ? >= 0")


@plant("films")
def ready_before_its_pieces(instead: Plant) -> None:
    """Call a film ready, and make its pieces then."""
    kept = mend_file._Work._make

    def make(self: Any, facts: Any, decided: Any) -> None:
        self._note(self._now(), state=FileState.READY, progress=1.0)
        kept(self, facts, decided)

    instead.of(mend_file._Work, "_make", make)


@plant("films")
def appended_where_it_ends(instead: Plant) -> None:
    """Add bytes behind those that are there, whether their row knows of them or not."""

    def go_on_at(self: Any, offset: int) -> None:
        del offset
        self.end = self._file.seek(0, 2)

    instead.of(Arriving, "go_on_at", go_on_at)


@plant("films")
def in_hand_for_ever(instead: Plant) -> None:
    """Let nobody take over what somebody has in hand."""
    kept = transfers.take

    def take(clip: Any, worker: str, at: Any, until: Any) -> Any:
        taken = kept(clip, worker, at, until)
        with writing():
            TransferRow.update(next_at=None).where(transfers._is(clip)).execute()
        return taken

    instead.of(transfers, "take", take)
