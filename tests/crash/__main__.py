"""`make crash`: kill real processes many times, and let the sandbox's ledger judge."""

from __future__ import annotations

import itertools
import random
import sys
import time

import click

from storyclip.domain.crashpoint import POINTS
from tests.crash.harness import SLOTS, Outcome, harness
from tests.crash.scenario import every_point, more


@click.command()
@click.option("--kills", default=300, help="Stop after at least this many kills.")
@click.option("--seed", default=None, type=int, help="Repeat an earlier run's choices.")
def main(kills: int, seed: int | None) -> None:
    """Kill workers and web processes at every registered point, and more at random."""
    seed = random.randrange(2**32) if seed is None else seed
    click.echo(f"seed {seed}")
    began, outcomes = time.monotonic(), list[Outcome]()
    scenarios = itertools.chain(every_point(), more(random.Random(seed)))
    with harness(SLOTS) as run:
        while sum(outcome.kills for outcome in outcomes) < kills:
            outcomes += run.run(itertools.islice(scenarios, 60))
            click.echo(_line(outcomes) + f" so far, {time.monotonic() - began:.0f} s")
            bad = [outcome for outcome in outcomes if not outcome.is_clean]
            if bad:
                break
        for outcome in bad:
            click.echo(f"FAILED {outcome.scenario}: {outcome}", err=True)
        never = set(POINTS) - {o.scenario.point for o in outcomes if o.was_hit}
        if never:
            click.echo(f"never hit: {', '.join(sorted(never))}", err=True)
        click.echo(_line(outcomes))
        if bad or never:
            sys.exit(1)


def _line(outcomes: list[Outcome]) -> str:
    kills = sum(outcome.kills for outcome in outcomes)
    lost = sum(len(outcome.verdict.lost) for outcome in outcomes)
    duplicate = sum(len(outcome.verdict.duplicate) for outcome in outcomes)
    out_of_order = sum(len(outcome.verdict.out_of_order) for outcome in outcomes)
    return f"{kills} kills, {lost} lost, {duplicate} duplicate, {out_of_order} out of order"


if __name__ == "__main__":
    main()
