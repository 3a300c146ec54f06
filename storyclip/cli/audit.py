"""The command that shows who did what."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click

from storyclip.cli import key_list
from storyclip.cli.installation import open_database
from storyclip.domain.act import Act
from storyclip.domain.act_view import entry_of
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import acts
from storyclip.store.acts import Wanted
from storyclip.terminal.boards import plain
from storyclip.terminal.ending import INTERRUPTED

HEADINGS = ("when", "via", "user", "key", "from", "action", "what", "outcome")
USUAL = 200
LOOK_EVERY_S = 1.0
LATE = 1000  # numbers are given before the commit: who looks again looks so far back


class Since(click.ParamType[datetime]):
    """A moment, or how long ago: 2026-12-01T18:00:00Z, 2026-12-01 (UTC), 7d, 12h."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            ago: timedelta = key_list.Span().convert(value, param, ctx)
            return datetime.now(UTC) - ago
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command()
@click.option("--user", help="Only of this user; of commands, the operating system's.")
@click.option("--action", help="Only this, as batch.cancel, or all of a kind: batch, key, entry.")
@click.option("--since", type=Since(), help="Not before: a moment, or how long ago, as 7d or 12h.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=USUAL, show_default=True)
@click.option("--follow", is_flag=True, help="Go on showing what is done, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --follow one a line.")
def audit(
    user: str | None,
    action: str | None,
    since: datetime | None,
    limit: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Show who did what and who was refused: the last ones, in their order."""
    open_database()
    wanted = Wanted(user, action, since)
    try:
        if not follow:
            found = acts.newest(wanted, limit)[::-1]
            click.echo(json.dumps([*map(entry_of, found)], indent=2) if as_json else _table(found))
            return
        for act in _following(wanted, limit):
            click.echo(json.dumps(entry_of(act)) if as_json else "  ".join(_row(act)))
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _following(wanted: Wanted, limit: int) -> Iterator[Act]:
    """Yield the last acts, and each that is committed from now on, once."""
    found = acts.newest(wanted, max(limit, LATE))[::-1]
    yield from found[-limit:]
    seen = {act.id for act in found}
    while True:
        time.sleep(LOOK_EVERY_S)
        again = replace(wanted, after=max(0, max(seen, default=0) - LATE))
        for act in acts.newest(again, LATE)[::-1]:
            if act.id not in seen:
                seen.add(act.id)
                yield act
        newest = max(seen, default=0)
        seen = {number for number in seen if number > newest - LATE}


def _table(found: Sequence[Act]) -> str:
    return key_list.columns([HEADINGS, *map(_row, found)])


def _row(act: Act) -> tuple[str, ...]:
    """Return an act as people read it; whatever is in it does nothing to their terminal."""
    who = (act.by.via, act.by.user_id or "-", act.by.key_id or "-", act.by.address or "-")
    what = f"{act.subject} ({act.detail})" if act.detail else act.subject
    outcome = f"{act.outcome} x{act.times}" if act.times > 1 else act.outcome
    cells = (f"{act.at:%Y-%m-%d %H:%M:%S}Z", *who, act.action, what, outcome)
    return tuple(plain(cell) for cell in cells)
