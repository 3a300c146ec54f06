"""The pieces that files became: what an upload declares of each, and where its bytes are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from storyclip.domain.clip_source import FilePiece
from storyclip.domain.reach import Reach
from storyclip.domain.upload import MeasuredFile, Part
from storyclip.store.access.reach import of_users
from storyclip.store.database import marks, reading, run, writing
from storyclip.store.files.models import FilePieceRow


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


def put(file_id: str, piece: KeptPiece) -> None:
    """Write a piece whose bytes the spool has by now; over one that was made before.

    Raises:
        StoreUnavailable: nothing was written.
    """
    facts: dict[str, Any] = {
        "name": piece.name,
        "sha256": piece.sha256,
        "length_s": piece.length_s,
        "measured": asdict(piece.measured),
    }
    made = FilePieceRow.insert(file_id=file_id, number=piece.number, **facts)
    with writing():
        made.on_conflict(
            conflict_target=[FilePieceRow.file_id, FilePieceRow.number], update=facts
        ).execute()


def _kept(row: FilePieceRow) -> KeptPiece:
    said: dict[str, Any] = row.measured
    parts = tuple(Part(**part) for part in said["parts"])
    measured = MeasuredFile(said["content_type"], said["extension"], parts)
    return KeptPiece(row.number, row.name, row.sha256, row.length_s, measured)
