"""How commands that take rights away cancel what was asked for by them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

CANCELS = click.option(
    "--cancel-batches", is_flag=True, help="Cancel the batches that are not finished, for good."
)


def say_kept(kept: Sequence[tuple[str, str]]) -> None:
    """End the command with the batches that could not be cancelled, if there are any."""
    for batch_id, reason in kept:
        click.echo(f"{batch_id} could not be cancelled: {reason}", err=True)
    if kept:
        sys.exit(1)
