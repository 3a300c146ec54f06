"""`python -m tests.restored`: put rows back at every event, in every way; a table of what came."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg
import structlog

from storyclip.domain.dates.mode import Mode
from storyclip.store import database
from tests.postgres.server import binaries, server
from tests.restored import real
from tests.restored.cases import MODES, Way, cases
from tests.restored.play import Recorder
from tests.restored.verdicts import Outcome

ROW = "{:32} {:9} {:>6} {:>8} {:>5} {:>13} {:>7} {:>6} {:>6}"
REAL = (  # mode, clips published when the copy is made, and when it is put back
    ("now", 0, 3),
    ("now", 2, 5),
    ("now", 5, 12),
    ("scheduled", 0, 1),
)


@dataclass
class Count:
    """What came of the cases of one kind."""

    cases: int = 0
    doubled: int = 0
    lost: int = 0
    out_of_order: int = 0
    untrue: int = 0
    stuck: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.cases += 1
        self.doubled += len(outcome.verdict.duplicate)
        self.lost += len(outcome.verdict.lost)
        self.out_of_order += len(outcome.verdict.out_of_order)
        self.untrue += len(set(outcome.untrue))
        self.stuck += outcome.trouble is not None

    def plus(self, other: Count) -> Count:
        """Return both together."""
        mine, theirs = vars(self), vars(other)
        return Count(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def is_clean(self) -> bool:
        """Return whether nothing went wrong."""
        return not (self.doubled or self.lost or self.out_of_order or self.untrue or self.stuck)

    def row(self, kind: str, mode: str, took_s: float) -> str:
        """Return it as a line of the table."""
        return ROW.format(kind, mode, *vars(self).values(), f"{took_s:.0f} s")


@click.command()
@click.option("--every", default=1, help="Only every nth case.")
@click.option("--no-real", is_flag=True, help="Without real processes.")
def main(every: int, no_real: bool) -> None:
    """Put the rows of each event of a batch of 12 clips back, at once and later, in each way."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    names = ("rows", "mode", "cases", "doubled", "lost", "out of order", "untrue", "stuck", "took")
    click.echo(ROW.format(*names))
    total = Count()
    with ExitStack() as held:
        postgres = held.enter_context(_postgres())
        for way in Way:
            if way is Way.POSTGRES and postgres is None:
                click.echo(f"{way}: left out, no PostgreSQL on this machine")
                continue
            for mode in MODES:
                total = total.plus(_in_process(way, mode, every, postgres))
        if not no_real:
            total = total.plus(_real(postgres))
    click.echo(
        f"{total.cases} restores, {total.doubled} doubled, {total.lost} lost,"
        f" {total.out_of_order} out of order, {total.untrue} untrue, {total.stuck} stuck"
    )
    sys.exit(0 if total.is_clean else 1)


@contextmanager
def _postgres() -> Iterator[str | None]:
    if binaries() is None:
        yield None
        return
    with server() as url:
        yield url


def _fresh(server_url: str, name: str) -> str:
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return f"{server_url}/{name}"


def _in_process(way: Way, mode: Mode, every: int, postgres: str | None) -> Count:
    began, count = time.monotonic(), Count()
    with tempfile.TemporaryDirectory(prefix="storyclip-restored-") as name:
        folder = Path(name)
        url = database.IN_MEMORY
        if way is Way.COPIED:
            url = f"sqlite:///{folder}/storyclip.db"
        elif way is Way.POSTGRES and postgres is not None:
            url = _fresh(postgres, f"rows_{mode.lower()}")
        recorder = Recorder(url, folder, mode)
        recorder.record()
        for number, case in enumerate(cases(mode, way, len(recorder.moments))):
            if number % every:
                continue
            outcome = recorder.play(case)
            count.add(outcome)
            if not outcome.is_clean:
                click.echo(f"FAILED {case}: {outcome}", err=True)
        if url == database.IN_MEMORY:
            database.database.close()
        else:
            database.disconnect()
    click.echo(count.row(way, mode, time.monotonic() - began))
    return count


def _real(postgres: str | None) -> Count:
    total = Count()
    kinds = [("SQLite", real.restored_by_command), ("SQLite, cp", real.copied_by_hand)]
    if postgres is not None:
        kinds.append(("PostgreSQL", real.restored_by_command))
    for kind, play in kinds:
        began, count = time.monotonic(), Count()
        for number, how in enumerate(REAL):
            url = _fresh(str(postgres), f"real_{number}") if kind == "PostgreSQL" else None
            outcome = real.outcome_of(play, url, *how)
            count.add(outcome)
            if not outcome.is_clean:
                click.echo(f"FAILED real processes, {kind}, {how}: {outcome}", err=True)
        click.echo(count.row(f"real processes, {kind}", "", time.monotonic() - began))
        total = total.plus(count)
    return total


if __name__ == "__main__":
    main()
