"""From what was named to batches that the service has accepted, each once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import click

from storyclip.terminal.bars import Bars
from storyclip.terminal.bringing import Bringing, FilesRefused
from storyclip.terminal.clips import Address, LocalFile, NoClip, Source
from storyclip.terminal.console import CleanConsole
from storyclip.terminal.ending import INTERRUPTED, NO_CONNECTION, USAGE, end, end_refused
from storyclip.terminal.patience import GaveUp, Patience, wait
from storyclip.terminal.service import Refused, Service, Unreachable
from storyclip.terminal.tus import Wishes

GOES_ON = "Nothing was published. The same command goes on where it stopped."

Named = tuple[bytes, str]  # a batch's body, and its idempotency key


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the clips are to go; `key` is the person's own word for it."""

    account: str
    networks: tuple[str, ...]
    key: str | None = None


def bodies_of(
    sources: Sequence[Source],
    wishes: Wishes,
    asked: Asked,
    service: Service,
    patience: Patience,
    today: date,
) -> list[Named]:
    """Bring the files to the service, and return a batch for each network; or end.

    The same clips for the same account have the same key on the same day, so that the command
    may be repeated.
    """
    files = [source for source in sources if isinstance(source, LocalFile)]
    try:
        with Bars(CleanConsole(stderr=True), files) as bars:
            ids = Bringing(service, patience, bars, wishes).bring(files)
    except KeyboardInterrupt:
        end(INTERRUPTED, f"Interrupted. {GOES_ON}")
    except FilesRefused as unusable:
        lines = (f"{file.title}: {why}" for file, why in unusable.refused)
        end(USAGE, *lines, "Nothing was published.")
    except NoClip as why:
        end(USAGE, str(why), "Nothing was published.")
    except Refused as refusal:
        end_refused(refusal, "Nothing was published.")
    except GaveUp as reason:
        end(NO_CONNECTION, str(reason), GOES_ON)
    return [_body(sources, ids, wishes, asked, network, today) for network in asked.networks]


def make(service: Service, body: bytes, name: str, patience: Patience) -> dict[str, Any]:
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
        end(INTERRUPTED, "Interrupted.", again)
    except Refused as refusal:
        end_refused(refusal)
    except GaveUp as reason:
        end(NO_CONNECTION, str(reason), again)


def _body(
    sources: Sequence[Source],
    ids: Mapping[LocalFile, tuple[str, str]],
    wishes: Wishes,
    asked: Asked,
    network: str,
    today: date,
) -> Named:
    posts, known = list[dict[str, str]](), list[str]()
    for source in sources:
        if isinstance(source, Address):
            posts.append({"url": source.url, "text": source.title})
            known.append(source.url)
        else:
            file_id, file_hash = ids[source]
            posts.append({"file": file_id, "text": source.title.encode(errors="replace").decode()})
            known.append(file_hash)
    settings = {"accountId": asked.account, "network": network}
    said = [known, wishes.fit, wishes.prepare, settings, asked.key or today.isoformat()]
    name = sha256(json.dumps(said).encode()).hexdigest()
    return json.dumps({"posts": posts, "settings": settings}).encode(), f"cli-{name}"
