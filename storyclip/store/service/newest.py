"""What the database says of itself, and its signs of life: see `domain.installation`."""

from __future__ import annotations

import secrets
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog

from storyclip.domain.act import Action
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.incident import Incident
from storyclip.domain.installation import (
    Finding,
    Installation,
    Mark,
    Sending,
    judged,
    later_sign,
    next_epoch,
)
from storyclip.store import acts, database
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_instant, to_text
from storyclip.store.service import incidents
from storyclip.store.service.place import place, server

log = structlog.get_logger("storyclip")

_NAMES = tuple(field.name for field in fields(Installation))
COUNT = len(_NAMES)
COLUMNS = ", ".join(f"s.{name}" for name in _NAMES)  # of the one row of `service s`, for a JOIN
_SELECT = f"SELECT {COLUMNS} FROM service s WHERE s.id = 1"
_INSTANTS = frozenset({"alive_at", "lost_since", "lost_until", "paused_at"})
_WHOLE = "all"  # what pausing everything is about
_left: Mark | None = None  # this process's last sign of life
RESTORED = "restored_at"  # written by `storyclip restore`, until it was heard


def find() -> Installation:
    """Return what the database says of itself.

    Raises:
        StoreUnavailable: the database does not answer, or its rows were put back a moment ago.
    """
    with reading():
        return require_no_older(here())


def require_no_older(found: Installation) -> Installation:
    """Return what was found, unless this process knows a later sign of life in these very rows.

    They were put back while it lives; nothing is decided by them before its next look.

    Raises:
        StoreUnavailable: so it is.
    """
    if _left is None or _left.installation != found.installation:
        return found
    if found.mark < _left.mark:
        raise StoreUnavailable("the rows are older than a moment ago: they are looked at first")
    return found


def here() -> Installation:
    """Do the same on the caller's connection."""
    return installation_of(run(_SELECT).fetchone())


@lru_cache(16)
def installation_of(row: tuple[Any, ...]) -> Installation:
    """Return what a row of COLUMNS says: it is asked for at each step, changes once a second."""
    facts: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    return Installation(**{**facts, **{name: to_instant(facts[name]) for name in _INSTANTS}})


def live(
    at: datetime, outside: Mark | None, sending: Sending | None = None, *, is_boot: bool
) -> Mark | None:
    """Give a sign of life, and have every lane looked at if these may not be the newest rows.

    All in one transaction: who dies in it has shown no sign of life.

    Only then does this process ask the run of the database's server that answers for anything else.

    Args:
        outside: the sign of life that was left outside the database last; read before this call.
        sending: for which intent a story was asked for last, as it was left outside.
        is_boot: it is this process's first.

    Returns:
        the sign to be left outside; None where it is not this database's to leave one: it belongs
        elsewhere, or somebody else is at it at this moment.

    Raises:
        StoreUnavailable: nothing was written.
    """
    global _left
    with writing():
        if not database.try_lock_row("service", 1):
            return None
        run_of = server()
        mark = _alive(at, outside, sending, run_of, is_boot=is_boot)
    database.looked_at(run_of)
    _left = mark or _left
    return mark


def _alive(
    at: datetime, outside: Mark | None, sending: Sending | None, run_of: str, *, is_boot: bool
) -> Mark | None:
    this = place()
    before = here()
    restored = run("DELETE FROM installation WHERE name = ? RETURNING value", (RESTORED,))
    is_restored = restored.fetchone() is not None
    if is_restored:
        acts.write(Action.SERVICE_RESTORE, _WHOLE, at)
    if before.place not in (None, this) and not is_restored:
        if before.elsewhere is None:
            note(elsewhere=before.place)
            log.critical("belongs_elsewhere", place=before.place, here=this)
        return None
    if before.alive_at is None:
        acts.write(Action.SERVICE_BEGIN, _WHOLE, at)
    finding = judged(
        before,
        outside,
        run_of,
        at,
        is_restored=is_restored,
        is_boot=is_boot,
        lacks_sending=sending is not None and _lacks(sending, before),
    )
    now = Mark(
        before.installation or secrets.token_hex(8),
        max(before.mark, outside.mark if outside else 0) + 1,
        next_epoch(before, outside, at) if finding and finding.loses_rows else before.epoch,
        later_sign(before.alive_at, at),
    )
    note(
        installation=now.installation,
        place=this,
        server=run_of,
        elsewhere=None,
        epoch=now.epoch,
        mark=now.mark,
        alive_at=to_text(now.alive_at),
    )
    if finding is not None:
        _doubt(finding, at)
    return now


def _lacks(sending: Sending, before: Installation) -> bool:
    """Return whether rows do not know an intent of later than their last sign of life."""
    if before.alive_at is None or sending.at <= before.alive_at:
        return False
    row = run("SELECT sends FROM publish_batch_clips WHERE id = ?", (sending.clip_id,)).fetchone()
    return row is None or row[0] < sending.number


def adopt_place(at: datetime) -> None:
    """Say that the database belongs here from now on: whoever else had it does not run any more.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        note(place=None, elsewhere=None, installation=None)
        acts.write(Action.SERVICE_ADOPT, _WHOLE, at)


def set_rival(rival: str | None) -> None:
    """Note which other installation publishes for the same user of Metricool; None for none.

    Raises:
        StoreUnavailable: nothing was written.
    """
    if find().rival == rival:
        return
    with writing():
        note(rival=rival)
    log.error("rival", installation=rival)


def pause(at: datetime) -> None:
    """Have nothing more sent until `resume`; what Metricool has already goes out.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        note(paused_at=to_text(at))
        acts.write(Action.SERVICE_PAUSE, _WHOLE, at)


def resume(at: datetime) -> None:
    """Go on where everything was paused.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        note(paused_at=None)
        acts.write(Action.SERVICE_RESUME, _WHOLE, at)


def _doubt(finding: Finding, at: datetime) -> None:
    since, until = to_text(finding.since), to_text(at)
    if finding.loses_rows:
        note(lost_since=since, lost_until=until)
    doubt_lanes(finding.since, at)
    log.warning("rows_doubted", reason=finding.doubt.value, since=since, lost=finding.loses_rows)
    if finding.loses_rows:
        words = (
            f"The database is {finding.doubt}. What was sent since {since} may be missing in it:"
            " each account is looked at before anything more is sent to it."
        )
        incidents.write(Incident("restored", str(until), words), at)


def doubt_lanes(since: datetime, until: datetime) -> None:
    """Have every lane looked at for what no row knows; in the caller's transaction."""
    run(
        "UPDATE lanes SET doubted_until = ?,"
        " doubted_since = CASE WHEN doubted_since < ? THEN doubted_since ELSE ? END",
        (to_text(until), to_text(since), to_text(since)),
    )


def note(**columns: object) -> None:
    """Write what the database says of itself; in the caller's transaction."""
    marks = ", ".join(f"{name} = ?" for name in columns)
    run(f"UPDATE service SET {marks} WHERE id = 1", tuple(columns.values()))
