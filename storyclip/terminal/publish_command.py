"""`publish`: addresses and files in their order, a folder, or a batch as the API takes it."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from storyclip.domain.network import Network
from storyclip.media.plan import Fit
from storyclip.terminal import dry_run
from storyclip.terminal.boards import plain
from storyclip.terminal.clips import (
    STILL_S,
    NoClip,
    Source,
    named,
    of_folder,
    require_still,
)
from storyclip.terminal.commands import watched
from storyclip.terminal.connecting import service_of, with_options
from storyclip.terminal.ending import NOT_ALL_PUBLISHED, USAGE, end
from storyclip.terminal.patience import Patience, wait
from storyclip.terminal.publishing import Asked, bodies_of, make
from storyclip.terminal.service import Service
from storyclip.terminal.tus import Wishes

STDIN, BATCH_ENDING = "-", ".json"


@click.command()
@click.argument("clips", nargs=-1, metavar="[CLIP]...")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="All clips of a folder, 2 before 10."
)
@click.option("--account", help="Metricool's number for the account.")
@click.option(
    "--network",
    "networks",
    type=click.Choice(list(Network)),
    multiple=True,
    default=[Network.FACEBOOK],
    show_default=True,
    help="May be given twice: a batch for each.",
)
@click.option(
    "--fit",
    type=click.Choice(list(Fit)),
    default=Fit.BLURRED,
    show_default=True,
    help="How files that are not 9:16 become so.",
)
@click.option("--as-is", is_flag=True, help="Prepare no file: what would be refused is refused.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and send nothing.")
@click.option("--watch", "and_watch", is_flag=True, help="Watch to the end.")
@click.option(
    "--idempotency-key",
    help="A word of your own for this publishing; the same one twice publishes once.",
)
@with_options
def publish(
    clips: tuple[str, ...], folder: Path | None, dry_run: bool, fit: Fit, as_is: bool, **how: Any
) -> None:
    """Publish each CLIP, a file or an https address, in the order given; or all of --folder.

    Files are sent by tus, checked and prepared by the service, a long one cut into several
    stories. Interrupted, the same command goes on where it stopped; given again on the same day
    for the same account it publishes nothing twice. One CLIP that is JSON (or - for stdin) is a
    whole batch as the API takes it.

    Prints the batch's id on stdout; with --json the service's whole answer, or with --watch the
    events alone. A lost answer is asked for again, which makes no second batch.

    Exit code: 0 accepted, 2 refused, 3 no connection; with --watch as of `watch`.
    """
    if folder is None and len(clips) == 1 and _is_batch(clips[0]):
        _publish(service_of(how["url"], how["key"]), [_batch_in(clips[0])], **how)
        return
    sources = _sources(clips, folder)
    wishes = Wishes(Fit(fit).value, not as_is)
    if dry_run:
        sys.exit(0 if _foreseen(sources, wishes, as_json=how["as_json"]) else NOT_ALL_PUBLISHED)
    if not how["account"]:
        raise click.UsageError("Say for which account: --account NUMBER.")
    service = service_of(how["url"], how["key"])
    asked = Asked(how["account"], tuple(dict.fromkeys(how["networks"])), how["idempotency_key"])
    patience = Patience(how["give_up_after_s"])
    bodies = bodies_of(sources, wishes, asked, service, patience, _today())
    _publish(service, bodies, **how | {"idempotency_key": None})


def _today() -> date:
    return datetime.now(UTC).astimezone().date()  # as the person counts days


def _publish(
    service: Service,
    bodies: Sequence[tuple[bytes, str | None]],
    *,
    and_watch: bool,
    as_json: bool,
    give_up_after_s: float,
    idempotency_key: str | None,
    **_: Any,
) -> None:
    """Have each batch made, then watch one after the other where that is wished."""
    made = []
    for body, name in bodies:
        key = name or idempotency_key or str(uuid.uuid4())
        made.append(make(service, body, key, Patience(give_up_after_s)))
    for answer in made:
        batch_id = str(answer["batchId"])
        if not as_json and not (and_watch and sys.stdout.isatty()):  # the screen names it, too
            click.echo(batch_id)
        elif as_json and not and_watch:
            click.echo(json.dumps(answer, ensure_ascii=False))
        if not and_watch:
            click.echo(f"Accepted. Watch it: python -m storyclip watch {batch_id}", err=True)
    if and_watch:
        verdicts = [
            watched(service, str(answer["batchId"]), as_json, Patience(give_up_after_s))
            for answer in made
        ]
        end(max(code for code, _ in verdicts), *(line for _, lines in verdicts for line in lines))


def _is_batch(word: str) -> bool:
    if word == STDIN or word.lower().endswith(BATCH_ENDING):
        return True
    try:
        with Path(word).open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except OSError:
        return False


def _batch_in(word: str) -> tuple[bytes, None]:
    """Return the file as UTF-8 JSON, checked here because here it has lines and columns."""
    try:
        with click.open_file(word, "rb") as file:
            text = file.read().decode("utf-8-sig")
        json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as mistake:
        end(USAGE, f"{word} is not JSON in UTF-8: {mistake}.")
    except OSError as why:
        end(USAGE, f"{word}: {why.strerror}.")
    return text.encode(), None


def _sources(clips: Sequence[str], folder: Path | None) -> list[Source]:
    if bool(clips) == (folder is not None):
        raise click.UsageError("Say which clips: files and addresses, or --folder DIR.")
    try:
        if folder is None:
            return named(clips)
        found, skipped = of_folder(folder)
        for one in skipped:
            click.echo(f"skipped {plain(one.name)}: {one.why}", err=True)
        if not found:
            raise NoClip(f"{folder} has no clip.")
        wait(STILL_S)
        for file in found:
            require_still(file)
    except NoClip as why:
        end(USAGE, str(why))
    sources: list[Source] = [*found]
    return sources


def _foreseen(sources: Sequence[Source], wishes: Wishes, *, as_json: bool) -> bool:
    return dry_run.tell(list(dry_run.foreseen(sources, wishes)), as_json=as_json)
