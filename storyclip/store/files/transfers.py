"""The way of a clip's bytes into Metricool: one row a send, in one worker's hand at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storyclip.domain import transfer_kept
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_source import FilePiece, piece_of
from storyclip.domain.errors import LostRace
from storyclip.domain.transfer import Transfer
from storyclip.domain.upload import MeasuredFile
from storyclip.store.database import reading, run, writing
from storyclip.store.files import pieces
from storyclip.store.files.models import TransferRow
from storyclip.store.instants import to_text

# By hand: asked for with each turn of a clip that is a file
_FIND = "SELECT transfer FROM transfers WHERE clip_id = ? AND send = ?"
_OF_FILE = (
    "SELECT c.clip_url, c.batch_id, c.clip_index, t.transfer, t.sent FROM file_uses u"
    " JOIN publish_batch_clips c ON c.batch_id = u.batch_id"
    " JOIN transfers t ON t.clip_id = c.id"
    " WHERE u.file_id = ? AND t.next_at IS NOT NULL ORDER BY c.id"
)
_FORGET_WAITING = (
    "DELETE FROM transfers WHERE clip_id IN"
    f" (SELECT id FROM publish_batch_clips WHERE lane_id = ? AND status = '{State.PENDING}')"
)
_DUE = (
    "SELECT clip_id FROM (SELECT t.clip_id, t.next_at, ROW_NUMBER() OVER (PARTITION BY b.user_id"
    " ORDER BY t.next_at, t.clip_id) AS place FROM transfers t"
    " LEFT JOIN publish_batch_clips c ON c.id = t.clip_id"
    " LEFT JOIN publish_batches b ON b.batch_id = c.batch_id WHERE t.next_at <= ?) d"
    " ORDER BY place, next_at LIMIT ?"
)
_WHOSE = (
    "SELECT b.user_id FROM publish_batch_clips c JOIN publish_batches b ON b.batch_id = c.batch_id"
    " WHERE c.id = ?"
)


def of_send(clip_id: int, send: int) -> Transfer | None:
    """Return how far the bytes of a clip's next send are, None where none was begun.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_FIND, (clip_id, send)).fetchone()
    return None if row is None else transfer_kept.restored(row[0])


@dataclass(frozen=True, slots=True)
class Sending:
    """A clip of a file whose bytes are on their way: `sent` of `size` have left."""

    batch_id: str
    clip_index: int
    sent: int
    size: int


def of_file(file_id: str) -> Sequence[Sending]:
    """Return the clips of a file whose bytes are on their way now.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(_OF_FILE, (file_id,)).fetchall()
    return [
        _sending(batch_id, index, transfer_kept.restored(kept), sent or 0)
        for source, batch_id, index, kept, sent in rows
        if (piece := piece_of(source)) is not None and piece.file_id == file_id
    ]


def _sending(batch_id: str, index: int, transfer: Transfer, of_part: int) -> Sending:
    size = transfer.file.size
    return Sending(batch_id, index, min(transfer.sent_bytes + of_part, size), size)


def bring(clip: Clip, piece: FilePiece, at: datetime) -> bool:
    """Have somebody bring a clip's bytes from now on, unless that is under way or over.

    Returns False where there are no such bytes any more.

    Raises:
        StoreUnavailable: nothing was written.
    """
    kept = pieces.find(piece)
    if kept is None:
        return False
    _begin(clip, kept.measured, at)
    return True


def fetch(clip: Clip, at: datetime) -> None:
    """Have somebody fetch a clip's file from its address and bring it, as `bring`.

    Raises:
        StoreUnavailable: nothing was written.
    """
    _begin(clip, MeasuredFile("", "", ()), at)


def _begin(clip: Clip, file: MeasuredFile, at: datetime) -> None:
    wanted = transfer_kept.kept(Transfer(clip.lane.account_id, file))
    begun = TransferRow.insert(clip_id=clip.id, send=clip.sends, transfer=wanted, next_at=at)
    once = begun.on_conflict(
        action="nothing", conflict_target=[TransferRow.clip_id, TransferRow.send]
    )
    with writing():
        once.execute()


def forget(clip: Clip) -> None:
    """Have the bytes of a clip's next send be brought anew, should it be sent at all.

    Raises:
        StoreUnavailable: nothing was forgotten.
    """
    with writing():
        TransferRow.delete().where(_is(clip)).execute()


def forget_waiting(lane_id: int) -> None:
    """Have the bytes of all that waits on a lane be brought anew; in the caller's transaction."""
    run(_FORGET_WAITING, (lane_id,))


def due(at: datetime, limit: int) -> Sequence[int]:
    """Return the clips whose bytes somebody should bring on now: each user's longest due first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(_DUE, (to_text(at), limit)).fetchall()
    return [clip_id for (clip_id,) in rows]


def whose(clip_id: int) -> str:
    """Return the user whose clip it is, "" where it is gone.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_WHOSE, (clip_id,)).fetchone()
    return "" if row is None else str(row[0])


def take(clip: Clip, worker: str, at: datetime, until: datetime) -> Transfer | None:
    """Take what is due of a clip in hand until then, and return it; None where nothing is.

    Two at work on one are a waste and no danger: nothing of it publishes.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    taken = TransferRow.update(taken_by=worker, next_at=until)
    with writing():
        if taken.where(_is(clip), TransferRow.next_at <= at).execute() == 0:
            return None
    return of_send(clip.id, clip.sends)


def end_all_but(clip_id: int, send: int | None) -> None:
    """Have nobody look any more at what a clip does not need: all, or all but its next send.

    Raises:
        StoreUnavailable: nothing was written.
    """
    others = TransferRow.clip_id == clip_id
    if send is not None:
        others &= TransferRow.send != send
    with writing():
        TransferRow.update(next_at=None).where(others).execute()


def keep(clip: Clip, transfer: Transfer, worker: str, until: datetime | None) -> None:
    """Write how far a transfer in hand is, and when others are to look at it.

    Raises:
        LostRace: somebody else has it by now; nothing was written.
        StoreUnavailable: nothing was written.
    """
    facts = {"transfer": transfer_kept.kept(transfer), "next_at": until, "sent": None}
    _write(clip, worker, facts)


def prolong(clip: Clip, worker: str, until: datetime, sent: int | None = None) -> None:
    """Keep a transfer in hand for longer; `sent` bytes of the part under way have left.

    Raises:
        LostRace, StoreUnavailable: as `keep`.
    """
    _write(clip, worker, {"next_at": until, "sent": sent})


def hands() -> Sequence[str]:
    """Return who has transfers in hand.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run("SELECT DISTINCT taken_by FROM transfers WHERE next_at IS NOT NULL").fetchall()
    return [worker for (worker,) in rows if worker is not None]


def release(worker: str, at: datetime) -> None:
    """Have what somebody had in hand be due now.

    Raises:
        StoreUnavailable: nothing was written.
    """
    its = (TransferRow.taken_by == worker) & (TransferRow.next_at > at)
    with writing():
        TransferRow.update(next_at=at).where(its).execute()


def _write(clip: Clip, worker: str, facts: dict[str, Any]) -> None:
    sets, values = TransferRow.setting(facts)  # by hand: with each part, and often in between
    mine = "clip_id = ? AND send = ? AND taken_by = ?"
    with writing():
        its = (*values, clip.id, clip.sends, worker)
        if run(f"UPDATE transfers SET {sets} WHERE {mine}", its).rowcount == 0:
            raise LostRace(f"the file of clip {clip.index} of {clip.batch_id} is in other hands")


def _is(clip: Clip) -> Any:
    return (TransferRow.clip_id == clip.id) & (TransferRow.send == clip.sends)
