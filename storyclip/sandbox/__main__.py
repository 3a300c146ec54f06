"""Start the sandbox: `python -m storyclip.sandbox --help`."""

import asyncio
import gc
import json
import os
from pathlib import Path

import click

from storyclip.sandbox.clock import Clock, from_rfc3339
from storyclip.sandbox.fault_names import NAMES
from storyclip.sandbox.faults import Faults
from storyclip.sandbox.http_front import serve
from storyclip.sandbox.ledger import Ledger
from storyclip.sandbox.publishing import Rules
from storyclip.sandbox.service import TOKEN, USER_ID, build

FAULTS_HELP = "Faults:\n\n\b\n" + "\n".join(
    f"{name:24}{meaning}" for name, meaning in NAMES.items()
)


@click.command(epilog=FAULTS_HELP, context_settings={"max_content_width": 110})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, help="Port; 0 takes a free one.")
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Ledger file, appended to; posts found in it are known again.",
)
@click.option("--token", default=TOKEN, show_default=True, help="The one valid token.")
@click.option(
    "--user-id", default=USER_ID, show_default=True, help="The user the token belongs to."
)
@click.option(
    "--brands",
    type=click.IntRange(1),
    help="Number of brands, all with both networks; without it 3, the last with Facebook alone.",
)
@click.option(
    "--date-step",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="Publication dates are cut down to a multiple of this many seconds.",
)
@click.option(
    "--publish-delay",
    type=click.FloatRange(0),
    default=5.0,
    show_default=True,
    help="Seconds from the cut date to PUBLISHED; PUBLISHING meanwhile.",
)
@click.option("--at-once", is_flag=True, help="Publish on creation, whatever the date.")
@click.option("--clock", metavar="ISO", help="Freeze the clock, e.g. at 2026-12-01T12:00:00Z.")
@click.option(
    "--clock-skew",
    type=float,
    default=0.0,
    show_default=True,
    help="Seconds by which Metricool's own clock is ahead: its Date, its refusals, its publishing.",
)
@click.option(
    "--stories-text",
    type=click.Choice(["refuse", "accept"]),
    default="refuse",
    show_default=True,
    help="What becomes of a story with text: ERROR, or published.",
)
@click.option(
    "--client-uuid",
    type=click.Choice(["ignore", "honour"]),
    default="ignore",
    show_default=True,
    help="Whether a uuid in the POST is kept.",
)
@click.option(
    "--fault",
    "faults",
    metavar="JSON",
    multiple=True,
    help='Switch a fault on: {"fault": NAME, "account"?, "network"?, "source"?: part of the '
    'clip\'s original URL, "call"?, "times"?, "skip"?, "seconds"?, "most"?, "words"?, "status"?}.',
)
@click.option(
    "--exit-with-parent",
    "--parent-pid-watch",
    is_flag=True,
    help="Stop when the process that started this one is gone.",
)
def main(
    host: str,
    port: int,
    ledger: Path,
    token: str,
    user_id: int,
    brands: int | None,
    date_step: int,
    publish_delay: float,
    at_once: bool,
    clock: str | None,
    clock_skew: float,
    stories_text: str,
    client_uuid: str,
    faults: tuple[str, ...],
    exit_with_parent: bool,
) -> None:
    """A local Metricool with a ledger of what it published; prints its addresses as JSON."""
    os.umask(0o077)  # the ledger has whole URLs of clips
    rules = Rules(
        date_step_s=date_step,
        publish_delay_ms=round(publish_delay * 1000),
        at_once=at_once,
        accept_story_text=stories_text == "accept",
        honour_client_uuid=client_uuid == "honour",
        clock_skew_ms=round(clock_skew * 1000),
    )
    switched_on = Faults()
    try:
        time = Clock(None if clock is None else from_rfc3339(clock))
        for text in faults:
            switched_on.add(json.loads(text))
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    sandbox = build(
        time,
        Ledger(ledger),
        rules,
        faults=switched_on,
        brands=brands,
        token=token,
        user_id=user_id,
    )
    # Posts stay for good: at the usual thresholds the collector walks through all of them, often.
    gc.set_threshold(50_000, 20, 100)
    asyncio.run(serve(sandbox, host, port, os.getppid() if exit_with_parent else None))


if __name__ == "__main__":
    main()
