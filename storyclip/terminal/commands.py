"""`publish` and `watch`. Data on stdout, everything else on stderr; the exit code is the verdict.

0 everything was published; 1 something was not; 2 the request makes no sense or was refused, by a
wrong key, say; 3 no connection for too long; 130 Ctrl-C.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import uuid
from collections.abc import Callable
from types import FrameType
from typing import IO, Any, NoReturn

import click

from config.addresses import service_url
from config.settings import Settings, SettingsInvalid
from storyclip.terminal.boards import Boards, harmless
from storyclip.terminal.console import CleanConsole
from storyclip.terminal.follow import Follower, Happened, Snapshot
from storyclip.terminal.patience import GaveUp, Patience, wait
from storyclip.terminal.screen import Notes, Screen, verdict
from storyclip.terminal.service import Refused, Service, Unreachable

NOT_ALL_PUBLISHED, USAGE, NO_CONNECTION, INTERRUPTED = 1, 2, 3, 128 + signal.SIGINT
_KEY = re.compile(r"[!-~]+")

_OPTIONS = (
    click.option("--url", help="Where StoryClip answers; else STORYCLIP_URL."),
    click.option(
        "--key",
        help="API key; else STORYCLIP_API_KEY, which other users of the machine cannot see.",
    ),
    click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout, for scripts."),
    click.option(
        "--give-up-after",
        "give_up_after_s",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="Time without any connection after which the exit code is 3.",
    ),
)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("batch", required=False)
@_with_options
def watch(
    batch: str | None, url: str | None, key: str | None, as_json: bool, give_up_after_s: float
) -> None:
    """Watch BATCH to its end, or all of your batches until Ctrl-C.

    Reconnects by itself; nothing is missed, nothing shown twice. With --json every event of
    the history and of what follows is one line on stdout.

    Exit code: 0 all clips published, 1 some were not, 2 refused (unknown batch, wrong key),
    3 no connection, 130 Ctrl-C: the batch goes on without you.
    """
    service = _service(url, key)
    if batch == "":
        raise click.UsageError("BATCH is empty.")
    _watch(service, batch, as_json, Patience(give_up_after_s))


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--watch", "and_watch", is_flag=True, help="Watch the batch to its end.")
@click.option(
    "--idempotency-key", help="Of an earlier attempt whose answer was lost; else a new one."
)
@_with_options
def publish(
    file: IO[bytes],
    and_watch: bool,
    idempotency_key: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    give_up_after_s: float,
) -> None:
    """Publish the batch in FILE (JSON, as the API takes it; - is stdin).

    Prints the batch's id on stdout; with --json the service's whole answer, or with --watch the
    events alone. A lost answer is asked for again, which makes no second batch.

    Exit code: 0 accepted, 2 refused, 3 no connection; with --watch as of `watch`.
    """
    service = _service(url, key)
    body = _read(file)
    name = idempotency_key or str(uuid.uuid4())
    made = _make(service, body, name, Patience(give_up_after_s))
    batch_id = str(made["batchId"])
    if not as_json and not (and_watch and sys.stdout.isatty()):  # the screen names it, too
        click.echo(batch_id)
    elif as_json and not and_watch:
        click.echo(json.dumps(made, ensure_ascii=False))
    if and_watch:
        _watch(service, batch_id, as_json, Patience(give_up_after_s))
    click.echo(f"Accepted. Watch it: python -m storyclip watch {batch_id}", err=True)


def _watch(service: Service, batch_id: str | None, as_json: bool, patience: Patience) -> NoReturn:
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
        _end(INTERRUPTED, f"Not watching any more. {what} in the background.")
    except Refused as refusal:
        _refused(refusal)
    except GaveUp as reason:
        _end(NO_CONNECTION, f"{reason} What was accepted goes on in the background.")
    [board] = boards.values()
    _end(0 if board.is_all_published else NOT_ALL_PUBLISHED, *verdict(board))


def _make(service: Service, body: bytes, name: str, patience: Patience) -> dict[str, Any]:
    """Ask until there is an answer: the same name makes no second batch."""
    again = f"It may have been accepted. Repeat it safely with: --idempotency-key {name}"
    try:
        while True:
            try:
                return service.publish(body, name)
            except Unreachable as failure:
                later = patience.after(failure)
                click.echo(f"{later.why}; asking again in {later.wait_s:.1f} s …", err=True)
                wait(later.wait_s)
    except KeyboardInterrupt:
        _end(INTERRUPTED, "Interrupted.", again)
    except Refused as refusal:
        _refused(refusal)
    except GaveUp as reason:
        _end(NO_CONNECTION, str(reason), again)


def _service(url: str | None, key: str | None) -> Service:
    try:
        settings = Settings.from_environment(needs_upstream=False)
        address = settings.client_url if url is None else service_url(url)
    except SettingsInvalid as invalid:
        _end(USAGE, *invalid.problems)
    except ValueError as expected:
        raise click.BadParameter(f"expected {expected}", param_hint="--url") from None
    if key is None and settings.client_key is not None:
        key = settings.client_key.get_secret_value()
    if not key:
        raise click.UsageError("No API key: set STORYCLIP_API_KEY or give --key.")
    if not _KEY.fullmatch(key):
        raise click.UsageError("The API key is none: expected visible ASCII characters.")
    return Service(address, key)


def _read(file: IO[bytes]) -> bytes:
    """Return the file as UTF-8 JSON, checked here because here it has lines and columns."""
    try:
        text = file.read().decode("utf-8-sig")
        json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as mistake:
        _end(USAGE, f"{file.name} is not JSON in UTF-8: {mistake}.")
    return text.encode()


def _refused(refusal: Refused) -> NoReturn:
    width = max((len(pointer) for pointer, _ in refusal.faults), default=0)
    faults = [f"  {pointer:<{width}}  {detail}" for pointer, detail in refusal.faults]
    _end(USAGE, str(refusal), *faults)


def _end(code: int, *lines: str) -> NoReturn:
    for line in lines:
        click.echo(harmless(line), err=True)
    sys.exit(code)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature
    sys.exit(128 + number)
