"""`make crash`: kill real processes many times, and let the sandbox's ledger judge."""

from __future__ import annotations

import itertools
import random
import sys
import time

import click

from storyclip.domain.crashpoint import FILE_POINTS, POINTS
from tests.crash.breadth import breadth
from tests.crash.files import run_of
from tests.crash.harness import SLOTS, harness
from tests.crash.verdicts import Outcome, line_of

TOLD_EVERY = 50  # outcomes


@click.command()
@click.option("--kills", default=600, help="Stop after at least this many kills.")
@click.option("--seed", default=None, type=int, help="Repeat an earlier run's choices.")
def main(kills: int, seed: int | None) -> None:
    """Kill workers, web and media processes at every registered point, and more at random."""
    seed = random.randrange(2**32) if seed is None else seed
    click.echo(f"seed {seed}")
    began, outcomes = time.monotonic(), list[Outcome]()

    def goes_on(_: object) -> bool:
        so_far = sum(outcome.kills for outcome in outcomes)
        return so_far < kills and all(outcome.is_clean for outcome in outcomes)

    with harness(SLOTS) as running:
        scenarios = itertools.takewhile(goes_on, breadth(random.Random(seed)))
        for outcome in running.run(scenarios, run_of):
            outcomes.append(outcome)
            if not outcome.is_clean:
                click.echo(f"FAILED {outcome.scenario}: {outcome}", err=True)
            if len(outcomes) % TOLD_EVERY == 0:
                click.echo(f"{line_of(outcomes)} so far, {time.monotonic() - began:.0f} s")
        never = {*POINTS, *FILE_POINTS} - {o.scenario.point for o in outcomes if o.was_hit}
        if never:
            click.echo(f"never hit: {', '.join(sorted(never))}", err=True)
        click.echo(line_of(outcomes))
        if never or not all(outcome.is_clean for outcome in outcomes):
            sys.exit(1)


if __name__ == "__main__":
    main()
