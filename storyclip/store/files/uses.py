"""Which batches need which files: a file stays for as long as one of its clips may be sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from storyclip.domain.act import Action
from storyclip.domain.errors import RequestInvalid
from storyclip.domain.file_errors import FileInUse
from storyclip.domain.user_file import UserFile
from storyclip.store import acts
from storyclip.store.database import marks, run, writing
from storyclip.store.files.models import FileRow
from storyclip.store.instants import to_text

_USED = (
    "SELECT 1 FROM file_uses u JOIN publish_batches b ON b.batch_id = u.batch_id"
    " WHERE u.file_id = ? AND b.completed_at IS NULL"
)
_HOLD = (
    "UPDATE files SET touched_at = ?"
    " WHERE id IN ({}) AND user_id = ? AND state = 'ready' AND marked_at IS NULL"
)


def hold(file_ids: Collection[str], user_id: str, batch_id: str, at: datetime) -> None:
    """Have these files stay for a batch; in the transaction that makes it.

    Raises:
        RequestInvalid: one of them went meanwhile.
    """
    if not file_ids:
        return
    named = sorted(set(file_ids))
    held = run(_HOLD.format(marks(named)), (to_text(at), *named, user_id))
    if held.rowcount != len(named):
        raise RequestInvalid(("/posts", "a file of it is not in StoryClip any more"))
    for file_id in named:
        run("INSERT INTO file_uses (file_id, batch_id) VALUES (?, ?)", (file_id, batch_id))


def remove(file: UserFile, at: datetime) -> None:
    """Mark a file as over, as its user wishes; the sweep does the rest.

    Raises:
        FileInUse: a batch that is not finished has clips of it.
        StoreUnavailable: nothing was written.
    """
    with writing():
        # First, and so alone with the row: whoever holds it for a batch writes it as well
        FileRow.update(marked_at=at, next_at=None).where(FileRow.id == file.id).execute()
        if run(_USED, (file.id,)).fetchone() is not None:
            raise FileInUse("a batch that is not finished has clips of this file: cancel it first")
        acts.write(Action.FILE_REMOVE, file.id, at)
