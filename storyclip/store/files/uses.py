"""Which batches need which files: a file stays for as long as one of its clips may be sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from storyclip.domain.errors import RequestInvalid
from storyclip.store.database import marks, run
from storyclip.store.instants import to_text

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
