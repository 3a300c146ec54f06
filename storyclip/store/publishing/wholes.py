"""A user's running batches with their clips: all that a page of theirs shows at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate, groupby
from operator import itemgetter

from storyclip.domain.clip import Clip
from storyclip.domain.reach import Reach
from storyclip.store.access.reach import within
from storyclip.store.database import marks, reading, run
from storyclip.store.instants import to_text
from storyclip.store.publishing import batches
from storyclip.store.publishing.batches import MOST_ACTIVE, SELECT_WHOLE, Overview, whole_of

MOST_SHOWN = 500  # clips in one list: about 300 kB

Whole = tuple[Overview, Sequence[Clip] | None]


def active(
    reach: Reach, limit: int = MOST_ACTIVE, before: tuple[datetime, str] | None = None
) -> Sequence[Whole]:
    """Return the batches that are not finished, newest first, each as of one commit.

    The newest come with their clips, as many as have MOST_SHOWN together; the others with None.

    Args:
        before: (created_at, batch_id) of the last one that was shown already.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    claim, values = within(reach)
    after = ("9", "") if before is None else (to_text(before[0]), before[1])
    with reading():
        sizes = run(
            f"SELECT b.batch_id, b.total_clips FROM publish_batches b WHERE {claim}"
            " AND b.completed_at IS NULL AND (b.created_at, b.batch_id) < (?, ?)"
            " ORDER BY b.created_at DESC, b.batch_id DESC LIMIT ?",
            (*values, *after, limit),
        ).fetchall()
        totals = accumulate(total for _, total in sizes)
        count = sum(so_far <= MOST_SHOWN for so_far in totals)
        newest = [batch_id for batch_id, _ in sizes[:count]]
        found: list[Whole] = list(_with_clips(newest))
        if len(newest) < len(sizes):
            others = [batch_id for batch_id, _ in sizes[len(newest) :]]
            found += [(one, None) for one in batches.named(others)]
    return found


def _with_clips(batch_ids: Sequence[str]) -> Iterator[tuple[Overview, Sequence[Clip]]]:
    if not batch_ids:
        return
    rows = run(
        f"{SELECT_WHOLE} WHERE b.batch_id IN ({marks(batch_ids)})"
        " ORDER BY b.created_at DESC, b.batch_id DESC, c.clip_index",
        batch_ids,
    ).fetchall()
    for _, of_one in groupby(rows, key=itemgetter(0)):
        yield whole_of(list(of_one))
