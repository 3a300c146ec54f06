"""The stories of an account in 24 hours or a month, counted from our own rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storyclip.domain.batch import Status
from storyclip.domain.clip import IN_FLIGHT, State
from storyclip.domain.dates import quota
from storyclip.domain.dates.fair_use import Month
from storyclip.domain.errors import QuotaExceeded, RetrySafety
from storyclip.domain.network import Network
from storyclip.domain.views import rfc3339
from storyclip.store.database import marks, reading, run
from storyclip.store.instants import to_text

LIMITED = Network.INSTAGRAM

_COUNTED = tuple(sorted({State.PUBLISHED, State.FAILED, *IN_FLIGHT}))


def require(
    lane_id: int, network: Network, dates: Sequence[datetime], limit: int, at: datetime
) -> None:
    """Check that a new batch with clips at `dates` fits beside what is sent and still to come.

    In the caller's transaction that holds the lane's lock, so that two batches cannot both have
    the last of it.

    Raises:
        QuotaExceeded: it does not, with the numbers and when it will.
    """
    if network is not LIMITED:
        return
    taken = [*sent_after(lane_id, min(dates) - quota.DAY), *_to_come(lane_id, at)]
    if quota.fits(taken, dates, limit):
        return
    first = min(dates)
    left = max(0, limit - quota.used(taken, first))
    enough_at = quota.earliest_start(taken, dates, limit)
    when = (
        f"Enough will be free at {rfc3339(enough_at)}."
        if enough_at
        else "That is more than 24 hours ever hold: ask for fewer, or spread them."
    )
    raise QuotaExceeded(
        f"Instagram takes {limit} stories of an account in 24 hours: {left} are left, and"
        f" {len(dates)} are asked for. {when}",
        {
            "limit": limit,
            "left": left,
            "asked": len(dates),
            "enoughAt": rfc3339(enough_at),
        },
    )


def sent_after(lane_id: int, since: datetime) -> list[datetime]:
    """Return the dates of what went out, or may: not of what was surely refused.

    With what was found on the account after rows were lost, whosever it is: Instagram counts it.

    On the caller's connection.
    """
    rows = run(
        "SELECT scheduled_at FROM publish_batch_clips"
        f" WHERE lane_id = ? AND scheduled_at > ? AND status IN ({marks(_COUNTED)})"
        " AND COALESCE(retry_safety, '') <> ? UNION ALL SELECT planned_for FROM strangers"
        " WHERE lane_id = ? AND planned_for > ?",
        (lane_id, to_text(since), *_COUNTED, RetrySafety.SAFE.value, lane_id, to_text(since)),
    ).fetchall()
    return [datetime.fromisoformat(date) for (date,) in rows]


def not_counted(account_id: str, month: Month, since: datetime) -> int:
    """Return how many stories of an account in a month Metricool's count, made `since`, lacks.

    On both networks: what it has, or may have, or is in a worker's hand; what it published since;
    and what nobody saw live though its date was since. What waits for its turn is not among them.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    of_account = "lane_id IN (SELECT id FROM lanes WHERE account_id = ?)"
    start, end, counted_at = to_text(month.start), to_text(month.end), to_text(since)
    with reading():
        sent = run(
            f"SELECT COUNT(*) FROM publish_batch_clips WHERE {of_account}"
            f" AND scheduled_at >= ? AND scheduled_at < ? AND (status IN ({marks(IN_FLIGHT)})"
            f" OR (status = '{State.PUBLISHED}' AND published_at > ?)"
            f" OR (status = '{State.FAILED}' AND scheduled_at > ?"
            f" AND COALESCE(retry_safety, '') <> '{RetrySafety.SAFE}'))",
            (account_id, start, end, *IN_FLIGHT, counted_at, counted_at),
        ).fetchone()
        in_hand = run(
            f"SELECT COUNT(*) FROM publish_batch_clips WHERE worker IS NOT NULL AND {of_account}"
            " AND scheduled_at IS NULL AND wished_for >= ? AND wished_for < ?",
            (account_id, start, end),
        ).fetchone()
    return int(sent[0]) + int(in_hand[0])


def _to_come(lane_id: int, at: datetime) -> list[datetime]:
    """Return the dates of what waits for its turn, now for what has none."""
    rows = run(
        "SELECT c.wished_for FROM publish_batch_clips c"
        " JOIN publish_batches b ON b.batch_id = c.batch_id"
        f" WHERE c.lane_id = ? AND c.status = '{State.PENDING}'"
        f" AND b.status = '{Status.PROCESSING}' AND b.cancel_requested_at IS NULL",
        (lane_id,),
    ).fetchall()
    return [max(datetime.fromisoformat(wished), at) if wished else at for (wished,) in rows]
