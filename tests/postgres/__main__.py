"""`python -m tests.postgres`: the server away at each single step of a clip's life, in each way."""

from __future__ import annotations

import sys
import time

import click

from storyclip.domain.crashpoint import POINTS
from tests.crash.verdicts import line_of
from tests.postgres.line import Outage
from tests.postgres.outage import Step, Stood
from tests.postgres.server import binaries
from tests.postgres.steps import every_step, outages


@click.command()
@click.option("--only", multiple=True, help="Only this step; may be repeated.")
@click.option(
    "--how",
    multiple=True,
    type=click.Choice([one.value for one in Outage]),
    help="Only this outage.",
)
def main(only: tuple[str, ...], how: tuple[str, ...]) -> None:
    """Have PostgreSQL away for five seconds from each step on; the ledger judges."""
    steps = [
        step
        for step in every_step()
        if (not only or step.point in only) and (not how or step.outage in how)
    ]
    if binaries() is None:
        click.echo("0 outages: no PostgreSQL on this machine")
        return
    began, outcomes, late = time.monotonic(), list[Stood](), list[Step]()

    def goes_by(outcome: Stood) -> None:
        outcomes.append(outcome)
        if not outcome.is_clean:
            click.echo(f"FAILED {outcome.scenario}: {outcome}", err=True)

    with outages() as play:
        for outcome in play(steps):
            if outcome.was_hit or outcome.trouble is not None:
                goes_by(outcome)
            else:
                late.append(outcome.scenario)  # the clip was out before its user came to it
        for outcome in play(late):
            goes_by(outcome)
    never = set(only or POINTS) - {o.scenario.point for o in outcomes if o.was_hit}
    if never:
        click.echo(f"never away at: {', '.join(sorted(never))}", err=True)
    stood = max((outcome.stood_s for outcome in outcomes if outcome.stood_s), default=0.0)
    said = line_of(outcomes).replace(
        "kills", f"outages at {len({one.point for one in steps})} steps"
    )
    click.echo(f"{said}; no lane stood longer than {stood:.1f} s; {time.monotonic() - began:.0f} s")
    sys.exit(1 if never or not all(outcome.is_clean for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
