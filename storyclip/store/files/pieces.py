"""The pieces that files became: what an upload declares of each, and where its bytes are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.clip import Clip
from storyclip.domain.clip_source import FilePiece, fetched_piece
from storyclip.domain.errors import LostRace
from storyclip.domain.reach import Reach
from storyclip.domain.upload import MeasuredFile, Part
from storyclip.domain.user_file import FileState
from storyclip.store.access.reach import of_users
from storyclip.store.database import marks, reading, run, writing
from storyclip.store.files.models import FilePieceRow, FileRow, FileUseRow

MAX_NAME = 255  # characters


@dataclass(frozen=True, slots=True)
class KeptPiece:
    """A piece as the spool has it, under `name`; `length_s` is None of a picture."""

    number: int
    name: str
    sha256: str
    length_s: float | None
    measured: MeasuredFile


def find(piece: FilePiece) -> KeptPiece | None:
    """Return a piece, None where there is none any more.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    named = (FilePieceRow.file_id == piece.file_id) & (FilePieceRow.number == piece.number)
    with reading():
        row = FilePieceRow.get_or_none(named)
    return None if row is None else _kept(row)


def of_file(file_id: str) -> Sequence[KeptPiece]:
    """Return the pieces of a file, in order.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    ordered = FilePieceRow.select().order_by(FilePieceRow.number)
    with reading():
        return [_kept(row) for row in ordered.where(FilePieceRow.file_id == file_id)]


def ready(file_ids: Collection[str], reach: Reach) -> Mapping[str, Sequence[int]]:
    """Return which pieces there are of those files that are ready, and in reach.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    claim, values = of_users(reach, "f.user_id")
    with reading():
        rows = run(
            "SELECT f.id, p.number FROM files f JOIN file_pieces p ON p.file_id = f.id"
            f" WHERE f.id IN ({marks(file_ids)}) AND f.state = 'ready' AND f.marked_at IS NULL"
            f" AND {claim} ORDER BY p.number",
            (*file_ids, *values),
        ).fetchall()
    found: dict[str, list[int]] = {}
    for file_id, number in rows:
        found.setdefault(file_id, []).append(number)
    return found


def put(file_id: str, worker: str, piece: KeptPiece) -> None:
    """Write a piece whose bytes the spool has by now; over one that was made before.

    Raises:
        LostRace: the file is not in this worker's hand, or nobody wants it; nothing was written.
        StoreUnavailable: nothing was written.
    """
    its = (FileRow.id == file_id) & (FileRow.worker == worker) & FileRow.marked_at.is_null()
    with writing():
        if FileRow.update(worker=worker).where(its).execute() == 0:  # and nobody takes it meanwhile
            raise LostRace(f"file {file_id} is in other hands")
        _put(file_id, piece)


def _put(file_id: str, piece: KeptPiece) -> None:
    facts: dict[str, Any] = {
        "name": piece.name,
        "sha256": piece.sha256,
        "length_s": piece.length_s,
        "measured": asdict(piece.measured),
    }
    made = FilePieceRow.insert(file_id=file_id, number=piece.number, **facts)
    made.on_conflict(
        conflict_target=[FilePieceRow.file_id, FilePieceRow.number], update=facts
    ).execute()


def put_fetched(clip: Clip, user_id: str, piece: KeptPiece, at: datetime) -> None:
    """Write the file of a clip that was fetched from its address, for as long as its batch's.

    Raises:
        StoreUnavailable: nothing was written.
    """
    file_id = fetched_piece(clip.id).file_id
    size = piece.measured.size
    row = FileRow.insert(
        id=file_id,
        user_id=user_id,
        name=clip.source_url.rpartition("/")[2][:MAX_NAME] or file_id,
        size=size,
        received=size,
        sha256=piece.sha256,
        state=FileState.READY,
        options={"fetched": True},  # so that no upload is taken for it
        progress=1.0,
        created_at=at,
        touched_at=at,
    )
    with writing():
        row.on_conflict_ignore().execute()
        FileUseRow.insert(file_id=file_id, batch_id=clip.batch_id).on_conflict_ignore().execute()
        _put(file_id, piece)


def _kept(row: FilePieceRow) -> KeptPiece:
    said: dict[str, Any] = row.measured
    parts = tuple(Part(**part) for part in said["parts"])
    measured = MeasuredFile(said["content_type"], said["extension"], parts)
    return KeptPiece(row.number, row.name, row.sha256, row.length_s, measured)
