"""`make fuzz`: requests made up from the OpenAPI document, each answer checked against it.

And some made up byte by byte, straight at the port of the real web process.
"""

from __future__ import annotations

import json
import logging
import random
import tempfile
import time
from pathlib import Path

import click
import structlog

from storyclip.stack.stack import Stack
from tests.fuzz.harness import application, fuzz, report
from tests.fuzz.raw import ENVIRONMENT
from tests.fuzz.raw import fuzz as raw_fuzz


@click.command()
@click.option("--cases", default=20_000, help="How many requests, at least.")
@click.option("--raw", default=2_000, help="How many more that are made up byte by byte.")
@click.option("--seed", default=None, type=int, help="Repeat an earlier run's choices.")
def main(cases: int, raw: int, seed: int | None) -> None:
    """Look for server errors, and for answers that the document does not describe."""
    seed = random.randrange(2**32) if seed is None else seed
    click.echo(f"seed {seed}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, application(Path(folder)) as app:
        outcome = fuzz(app, cases, seed)
    click.echo(report(outcome))
    took_s = time.monotonic() - began
    click.echo(
        f"{outcome.cases} requests in {took_s:.0f} s:"
        " 0 server errors, 0 answers that are not described"
    )
    if raw:
        _fuzz_raw(raw, seed)


def _fuzz_raw(cases: int, seed: int) -> None:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "data", seeds_key=False, environment=ENVIRONMENT) as stack,
    ):
        outcome = raw_fuzz(stack, cases, seed)
    click.echo(json.dumps(dict(sorted(outcome.seen.items()))))
    if outcome.wrong:
        raise click.ClickException("\n".join(outcome.wrong))
    click.echo(
        f"{outcome.cases} raw requests in {time.monotonic() - began:.0f} s: 0 server errors,"
        " all answered or closed in time, no thread kept, no traceback"
    )


if __name__ == "__main__":
    main()
