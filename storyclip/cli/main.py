"""The commands a person types. Data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from config.settings import Settings, SettingsInvalid
from storyclip import __version__
from storyclip.cli import key_list, recovery, upkeep
from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.domain.holder import EVERY_SCOPE, Scope
from storyclip.domain.webhooks import objection_to_receiver
from storyclip.stack import demo as stack_demo
from storyclip.stack import run as stack_run
from storyclip.store import database
from storyclip.store.access import api_keys, key_ring, keys
from storyclip.store.service.place import server_time
from storyclip.terminal.commands import INTERRUPTED, publish, watch
from storyclip.webhooks.signing import secret_of

SPAN = key_list.Span()
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="StoryClip %(version)s")
def main() -> None:
    """StoryClip publishes sequences of story clips through Metricool, each once and in order."""


for command in (
    publish,
    watch,
    upkeep.backup,
    upkeep.restore,
    upkeep.migrate,
    recovery.recover,
    recovery.pause_all,
    recovery.resume_all,
):
    main.add_command(command)


@main.command()
@click.option("--keep", is_flag=True, help="Leave the data directory behind, to look into it.")
def demo(keep: bool) -> None:
    """Publish a story of five clips through the whole stack, against a local Metricool.

    Nothing reaches Instagram or Facebook. In the middle the worker is killed with kill -9: the
    story goes on, in order, and no clip goes out twice.
    """
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        sys.exit(stack_demo.play(Console(), Console(stderr=True), keep))
    except KeyboardInterrupt:
        click.echo("Interrupted; everything is stopped.", err=True)
        sys.exit(INTERRUPTED)
    except SettingsInvalid as invalid:
        sys.exit(f"The demo does not start:\n{invalid}")


@main.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Directory for the database, Redis, the logs and the sandbox's ledger.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show all that the processes say.")
def run(data: Path, verbose: bool) -> None:
    """Run the service in the foreground until Ctrl-C.

    Starts Redis, unless REDIS_URL is set, and a local Metricool (the sandbox), unless
    METRICOOL_BASE_URL is. All settings: config/storyclip.env.example.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    sys.exit(stack_run.run(Console(), Console(stderr=True), data, verbose))


@main.group(name="keys")
def key_commands() -> None:
    """API keys of the installation that DATABASE_URL names."""


@key_commands.command()
@click.option("--user", required=True, help="Whose batches it may see and make.")
@click.option(
    "--scopes",
    default=f"{Scope.PUBLISH},{Scope.READ}",
    show_default=True,
    help=f"Comma list out of: {', '.join(sorted(EVERY_SCOPE))}.",
)
@click.option("--account", "accounts", multiple=True, help="Only this account; may be repeated.")
@click.option("--webhook", help="URL that its batches report to, unless they name another.")
@click.option("--expires-in", type=SPAN, help="How long it is good, as 90d, 12h or 30m.")
@AS_JSON
def create(
    user: str,
    scopes: str,
    accounts: tuple[str, ...],
    webhook: str | None,
    expires_in: timedelta | None,
    as_json: bool,
) -> None:
    """Make a key and print it: the only time that it can be read."""
    words = {word.strip() for word in scopes.split(",") if word.strip()}
    allow = _open_database().webhook_allow_private
    if webhook and (objection := objection_to_receiver(webhook, allow_private=allow)):
        sys.exit(f"No key was made: --webhook: {objection}")
    now = _now()
    until = None if expires_in is None else now + expires_in
    try:
        key = keys.make(
            user, words, accounts or None, at=now, expires_at=until, webhook_url=webhook
        )
    except (ValueError, StoreUnavailable) as reason:
        sys.exit(f"No key was made: {reason}")
    _show_new(key, as_json)


@key_commands.command(name="list")
@AS_JSON
def list_keys(as_json: bool) -> None:
    """Show all keys, with their rights and times, but never their secrets."""
    _open_database()
    try:
        found = api_keys.every()
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    click.echo(key_list.as_json(found) if as_json else key_list.as_table(found))


@key_commands.command()
@click.argument("key_id")
@AS_JSON
def revoke(key_id: str, as_json: bool) -> None:
    """Make a key useless from now on; its id is the part between `sc_` and the next `_`."""
    _open_database()
    try:
        revoked = keys.revoke(key_id, _now())
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    if not revoked:
        sys.exit(f"There is no key {key_id} in use.")
    if as_json:
        click.echo(json.dumps({"id": key_id, "revoked": True}))
    click.echo(f"{key_id} is revoked.", err=True)
    if keys.is_seeded(key_id):
        click.echo(
            "Take it out of STORYCLIP_API_KEYS too: the next start makes it again.", err=True
        )


@key_commands.command()
@click.argument("key_id")
@click.option(
    "--grace",
    type=SPAN,
    default="0m",
    show_default=True,
    help="How long the old key is still good, as 1d, 12h or 30m.",
)
@click.option("--expires-in", type=SPAN, help="How long the new key is good; as the old without.")
@AS_JSON
def rotate(key_id: str, grace: timedelta, expires_in: timedelta | None, as_json: bool) -> None:
    """Print a new key with the rights of another, which ends at once or after the grace."""
    _open_database()
    now = _now()
    until = None if expires_in is None else now + expires_in
    try:
        key = key_ring.rotate(key_id, now, grace, until)
    except (NotFound, StoreUnavailable) as reason:
        sys.exit(f"Nothing was changed: {reason}")
    _show_new(key, as_json)
    click.echo(f"{key_id} ends in {grace}." if grace else f"{key_id} ends now.", err=True)


def _show_new(key: str, as_json: bool) -> None:
    click.echo(json.dumps({"id": key.split("_")[1], "key": key}) if as_json else key)


@key_commands.command()
@click.option("--user", required=True, help="Whose batches report to the receiver.")
def webhook_secret(user: str) -> None:
    """Print the secret that a user's webhook receivers verify signatures with.

    The same for all keys of the user, and every time; Standard Webhooks' libraries take it as it
    is.
    """
    _open_database()
    try:
        click.echo(secret_of(user))
    except (LookupError, StoreUnavailable) as reason:
        sys.exit(f"There is no secret yet: {reason}")


def _open_database() -> Settings:
    try:
        settings = Settings.from_environment(needs_upstream=False)
        database.connect(settings.database_url)
    except (SettingsInvalid, StoreUnavailable) as reason:
        sys.exit(str(reason))
    return settings


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature
    sys.exit(128 + number)


def _now() -> datetime:
    """Return the time by which the rows are written."""
    try:
        return server_time() or datetime.now(UTC)
    except StoreUnavailable as reason:
        sys.exit(str(reason))
