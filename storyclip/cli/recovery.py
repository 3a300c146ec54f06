"""After rows were lost, and while everything is paused: the operator's word."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import click
from rich.table import Table

from config.addresses import sqlite_file, without_password
from config.settings import Settings, SettingsInvalid
from storyclip.domain.clip import Clip
from storyclip.domain.doubt import Stranger
from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.domain.stranger_view import clip_named, stranger_view
from storyclip.store import database
from storyclip.store.publishing import adoption, lanes, strangers
from storyclip.store.service import newest
from storyclip.store.service.mark_file import MarkFile
from storyclip.terminal.console import CleanConsole

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
EVERY = "all"


@click.command()
@click.option("--account", help="The account that the word is about, as it is listed.")
@click.option(
    "--network", type=click.Choice(list(Network)), default=Network.FACEBOOK, show_default=True
)
@click.option("--ours", multiple=True, metavar="NAME", help=f"StoryClip's own; or: {EVERY}.")
@click.option(
    "--clip",
    "given",
    multiple=True,
    metavar="NAME=BATCH/N",
    help="StoryClip's own, of this very clip, where it would be given to another.",
)
@click.option("--not-ours", multiple=True, metavar="NAME", help=f"Somebody else's; or: {EVERY}.")
@click.option("--here", is_flag=True, help="This database belongs here: its original is no more.")
@click.option("--anew", is_flag=True, help="Begin with an empty database though there was one.")
@AS_JSON
def recover(
    account: str | None,
    network: Network,
    ours: tuple[str, ...],
    given: tuple[str, ...],
    not_ours: tuple[str, ...],
    here: bool,
    anew: bool,
    as_json: bool,
) -> None:
    """List the stories in Metricool that no row knows, or say whose they are.

    After a database was put back nothing is sent on an account that has such stories. What is
    StoryClip's own is given to its clips, by minute and by order, and the batch goes on after it.
    Look whether each would be given to the right clip; --clip says which one it is.
    """
    try:
        _open_database(anew=anew)
        if here or anew:
            _belong(here, anew, as_json)
        if account is not None:
            _decide(lanes.named(account, network), ours, not_ours, _named(given), as_json)
        elif ours or given or not_ours:
            raise click.UsageError("--ours, --clip and --not-ours need --account.")
        elif not (here or anew):
            _list(as_json)
    except (NotFound, StoreUnavailable) as reason:
        sys.exit(f"Nothing was changed: {reason}")


def _belong(here: bool, anew: bool, as_json: bool) -> None:
    if here:
        newest.adopt_place(datetime.now(UTC))
        click.echo("This database belongs here now; its workers go on within a second.", err=True)
    if anew:
        newest.live(datetime.now(UTC), MarkFile().read(""), is_boot=True)
        click.echo("An empty database was made. Make a key: storyclip keys create.", err=True)
    if as_json:
        click.echo(json.dumps({"here": here, "anew": anew}))


@click.command()
@AS_JSON
def pause_all(as_json: bool) -> None:
    """Send nothing more, on no account, until `storyclip resume-all`.

    What Metricool has already goes out on its date.
    """
    _switch(is_paused=True, as_json=as_json)


@click.command()
@AS_JSON
def resume_all(as_json: bool) -> None:
    """Go on where everything was paused."""
    _switch(is_paused=False, as_json=as_json)


def _switch(*, is_paused: bool, as_json: bool) -> None:
    try:
        _open_database()
        if is_paused:
            newest.pause(datetime.now(UTC))
        else:
            newest.resume(datetime.now(UTC))
    except StoreUnavailable as reason:
        sys.exit(f"Nothing was changed: {reason}")
    if as_json:
        click.echo(json.dumps({"paused": is_paused}))
    click.echo("Everything is paused." if is_paused else "Everything goes on.", err=True)


def _named(given: tuple[str, ...]) -> dict[str, adoption.ClipName]:
    """Return the clip that each story is said to be of, by its name."""
    named = dict[str, adoption.ClipName]()
    for words in given:
        name, _, clip = words.partition("=")
        batch_id, _, index = clip.rpartition("/")
        if not (name and batch_id and index.isdecimal()) or name in named:
            raise click.UsageError(f"--clip: expected NAME=BATCH/N, each name once, got {words}")
        named[name] = batch_id, int(index)
    return named


def _decide(
    lane: Lane,
    ours: tuple[str, ...],
    not_ours: tuple[str, ...],
    given: Mapping[str, adoption.ClipName],
    as_json: bool,
) -> None:
    names = [one.name for one in strangers.of_lane(lane.id)]
    unknown = {*ours, *given, *not_ours} - {*names, EVERY}
    if unknown:
        raise click.UsageError(f"No such story on this account: {', '.join(sorted(unknown))}")
    rest = [name for name in names if name not in given]
    mine = rest if EVERY in ours else ours
    others = rest if EVERY in not_ours else not_ours
    if both := ({*mine} & {*others}) | ({*given} & {*mine, *others}):
        raise click.UsageError(f"Either --ours, --clip or --not-ours: {', '.join(sorted(both))}")
    said = adoption.decide(lane.id, mine, others, datetime.now(UTC), given)
    if as_json:
        shown = {
            "adopted": [clip_named(clip) for _, clip in said.adopted],
            "left": [stranger_view(one, None) for one in said.left],
        }
        click.echo(json.dumps(shown, default=str))
    for stranger, clip in said.adopted:
        click.echo(f"{stranger.name} is clip {clip.index} of {clip.batch_id}.", err=True)
    if said.left:
        sys.exit(
            f"{len(said.left)} left: nothing is sent on this account before somebody says whose"
            " they are. What is StoryClip's and fits no clip is of a batch whose rows are lost:"
            " have it asked for again first, or leave it alone with --not-ours."
        )
    click.echo("The account goes on.", err=True)


def _list(as_json: bool) -> None:
    held = strangers.held_lanes()
    if as_json:
        shown = [
            {
                "accountId": lane.account_id,
                "network": lane.network,
                "strangers": [stranger_view(*pair) for pair in _proposed(lane)],
                "clips": [clip_named(clip) for clip in adoption.takers(lane.id)],
            }
            for lane in held
        ]
        click.echo(json.dumps(shown, default=str))
        return
    why = newest.find().why_nothing_is_sent
    if why is not None:
        click.echo(why, err=True)
    if not held:
        click.echo("No account waits for a word.", err=True)
    for lane in held:
        table = Table("Name", "Date", "State", "Where", "Would be", title=_title(lane))
        for stranger, clip in _proposed(lane):
            post = stranger.post
            where = post.public_url or (post.media_urls[0] if post.media_urls else "")
            would_be = f"clip {clip.index} of {clip.batch_id}" if clip else "no clip"
            table.add_row(stranger.name, str(post.planned_for or ""), post.status, where, would_be)
        CleanConsole().print(table)


def _proposed(lane: Lane) -> list[tuple[Stranger, Clip | None]]:
    clips = {stranger.name: clip for stranger, clip in adoption.proposed(lane.id)}
    return [(one, clips.get(one.name)) for one in strangers.of_lane(lane.id)]


def _title(lane: Lane) -> str:
    return f"Account {lane.account_id}, {lane.network}: whose are these?"


def _open_database(*, anew: bool = False) -> None:
    try:
        settings = Settings.from_environment(needs_upstream=False)
    except SettingsInvalid as reason:
        sys.exit(str(reason))
    url = settings.database_url
    if anew and not (url.startswith("sqlite") and not sqlite_file(url).exists()):
        raise StoreUnavailable(
            f"there is one at {without_password(url)}; --anew is for where its file is missing"
        )
    database.connect(url, may_begin_anew=anew)
