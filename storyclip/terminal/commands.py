"""`watch`. Data on stdout, everything else on stderr; the exit code is the verdict."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from storyclip.terminal.boards import Boards
from storyclip.terminal.connecting import service_of, with_options
from storyclip.terminal.console import CleanConsole
from storyclip.terminal.ending import (
    INTERRUPTED,
    NO_CONNECTION,
    NOT_ALL_PUBLISHED,
    end,
    end_refused,
)
from storyclip.terminal.follow import Follower, Happened, Snapshot
from storyclip.terminal.patience import GaveUp, Patience
from storyclip.terminal.screen import Notes, Screen, verdict
from storyclip.terminal.service import Refused, Service


@click.command()
@click.argument("batch", required=False)
@with_options
def watch(
    batch: str | None, url: str | None, key: str | None, as_json: bool, give_up_after_s: float
) -> None:
    """Watch BATCH to its end, or all of your batches until Ctrl-C.

    Reconnects by itself; nothing is missed, nothing shown twice. With --json every event of
    the history and of what follows is one line on stdout.

    Exit code: 0 all clips published, 1 some were not, 2 refused (unknown batch, wrong key),
    3 no connection, 130 Ctrl-C: the batch goes on without you.
    """
    service = service_of(url, key)
    if batch == "":
        raise click.UsageError("BATCH is empty.")
    code, lines = watched(service, batch, as_json, Patience(give_up_after_s))
    end(code, *lines)


def watched(
    service: Service, batch_id: str | None, as_json: bool, patience: Patience
) -> tuple[int, list[str]]:
    """Show a batch to its end, or all of them, and return the exit code and the last words."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    boards = Boards()
    console = CleanConsole(stderr=True)
    try:
        with Notes(console) if as_json else Screen(console, boards) as screen:
            for news in Follower(service, batch_id, patience).news():
                if isinstance(news, Snapshot):
                    boards.take_snapshot(news.facts)
                elif isinstance(news, Happened):
                    boards.of(news.facts).take_event(news.facts)
                    if as_json:
                        click.echo(news.text)
                screen.show(news)
    except KeyboardInterrupt:
        what = "The batch goes on" if batch_id else "Your batches go on"
        end(INTERRUPTED, f"Not watching any more. {what} in the background.")
    except Refused as refusal:
        end_refused(refusal)
    except GaveUp as reason:
        end(NO_CONNECTION, f"{reason} What was accepted goes on in the background.")
    [board] = boards.values()
    return 0 if board.is_all_published else NOT_ALL_PUBLISHED, [*verdict(board)]


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature
    sys.exit(128 + number)
