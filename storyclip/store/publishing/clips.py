"""Clips: reading one, its file prepared ahead, and what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from storyclip.domain.clip import ENDED, Clip, State
from storyclip.domain.errors import NotFound
from storyclip.store.database import free_of, marks, reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.publishing import ahead, lanes
from storyclip.store.publishing.rows import SELECT_CLIP, clip_of

FRESH_S = 5.0  # due for no longer than this is today's work; older is a backlog, rung in portions

_ENDED = tuple(sorted(ENDED))
_FIND = f"{SELECT_CLIP} WHERE c.id = ?"
_OF_BATCH = f"{SELECT_CLIP} WHERE c.batch_id = ? ORDER BY c.clip_index"
_UNHEARD = "(rung_at IS NULL OR rung_at <= ? OR rung_at > ?)"
_DUE = f"SELECT id FROM publish_batch_clips WHERE next_at <= ? AND {_UNHEARD}"


def find(clip_id: int) -> Clip:
    """Return a clip as its row is now.

    Raises:
        NotFound: there is none with this id.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_FIND, (clip_id,)).fetchone()
    if row is None:
        raise NotFound(f"no clip {clip_id}")
    return clip_of(row)


def of_batch(batch_id: str) -> Sequence[Clip]:
    """Return the clips of a batch in their order, none if there is no such batch."""
    with reading():
        rows = run(_OF_BATCH, (batch_id,)).fetchall()
    return [clip_of(row) for row in rows]


def in_hand(batch_ids: Sequence[str]) -> Mapping[str, Clip]:
    """Return what `current_clip` is of each batch; one statement for all, which takes half as long.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if not batch_ids:
        return {}
    of_batch = "FROM publish_batch_clips o WHERE o.batch_id = b.batch_id"
    unfinished = (
        f"SELECT o.clip_index {of_batch} AND o.status NOT IN ({marks(_ENDED)})"
        f" ORDER BY CASE WHEN o.status = '{State.PENDING}' THEN 1 ELSE 0 END, o.clip_index LIMIT 1"
    )
    last = f"SELECT MAX(o.clip_index) {of_batch}"
    with reading():
        rows = run(
            f"{SELECT_CLIP} JOIN (SELECT b.batch_id AS of_batch,"
            f" COALESCE(({unfinished}), ({last})) AS clip_index"
            f" FROM publish_batches b WHERE b.batch_id IN ({marks(batch_ids)})) h"
            " ON h.of_batch = c.batch_id AND h.clip_index = c.clip_index",
            (*_ENDED, *batch_ids),
        ).fetchall()
    return {clip.batch_id: clip for clip in map(clip_of, rows)}


def next_in_batch(clip: Clip) -> int | None:
    """Return the id of the clip after this one if it has yet to be prepared, else None."""
    with reading():
        row = run(
            "SELECT id FROM publish_batch_clips WHERE batch_id = ? AND clip_index = ?"
            f" AND status = '{State.PENDING}' AND media_url IS NULL AND next_at IS NULL",
            (clip.batch_id, clip.index + 1),
        ).fetchone()
    return None if row is None else int(row[0])


def store_media(clip: Clip, media_url: str) -> None:
    """Keep the media prepared ahead of a clip's turn, unless somebody was quicker.

    No revision: the turn must not be lost to it, and a clip once claimed keeps its own media.
    """
    with writing():
        run(
            "UPDATE publish_batch_clips SET media_url = ?"
            f" WHERE id = ? AND status = '{State.PENDING}' AND media_url IS NULL",
            (media_url, clip.id),
        )


def hurry(clip: Clip, at: datetime) -> None:
    """Have a clip's turn looked at now, if it waits with the turn: what it waited for is there.

    No revision: it is a bell, and no change of the clip.
    """
    with writing():
        run(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL"
            f" WHERE id = ? AND status = '{State.PENDING}' AND next_at > ?",
            (to_text(at), clip.id, to_text(at)),
        )


def make_due(at: datetime, portion: int) -> list[int]:
    """Return the clips that are due and whose bell is to be rung now, and note that it is.

    All that became due lately, and at most `portion` of what has been waiting for longer. A clip
    that somebody is writing is left for the next time.
    """
    again = to_text(at - timedelta(seconds=lanes.RING_AGAIN_S))
    never = to_text(at + ahead.AHEAD)
    fresh = to_text(at - timedelta(seconds=FRESH_S))
    now = to_text(at)
    with reading():
        oldest = run(
            "SELECT next_at FROM publish_batch_clips WHERE next_at <= ?"
            f" AND {_UNHEARD} ORDER BY next_at LIMIT 1",
            (now, again, never),
        ).fetchone()
    if oldest is None:
        return []
    with writing():
        lately = free_of(f"{_DUE} AND next_at > ?")
        rung = _rung(lately, now, now, again, never, fresh)
        if oldest[0] <= fresh:
            long_since = free_of(f"{_DUE} ORDER BY next_at LIMIT ?")
            rung += _rung(long_since, now, fresh, again, never, portion)
    return rung


def _rung(which: str, at: str | None, *values: str | int | None) -> list[int]:
    rows = run(
        f"UPDATE publish_batch_clips SET rung_at = ? WHERE id {which} RETURNING id", (at, *values)
    )
    return [clip_id for (clip_id,) in rows.fetchall()]
