"""The commands about API keys."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import click

from storyclip.cli import key_list
from storyclip.cli.account_options import chosen_accounts, shown_accounts
from storyclip.cli.cancelling import CANCELS, say_kept
from storyclip.cli.installation import now, open_database
from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.domain.holder import EVERY_SCOPE, Scope
from storyclip.domain.names import Names
from storyclip.domain.reach import EVERYTHING
from storyclip.domain.webhooks import objection_to_receiver
from storyclip.flow import rights
from storyclip.store.access import api_keys, key_ring, keys
from storyclip.store.access.api_keys import KeptKey
from storyclip.store.publishing.running import running_of
from storyclip.webhooks.signing import secrets_of

SPAN = key_list.Span()
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="keys")
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
@chosen_accounts("The key is for these alone; without it, for all that its user has.")
@click.option("--webhook", help="URL that its batches report to, unless they name another.")
@click.option("--expires-in", type=SPAN, help="How long it is good, as 90d, 12h or 30m.")
@AS_JSON
def create(
    user: str,
    scopes: str,
    accounts: Names | None,
    webhook: str | None,
    expires_in: timedelta | None,
    as_json: bool,
) -> None:
    """Make a key and print it: the only time that it can be read.

    Who is no user yet is made one. A key publishes on those accounts of its user's that it is for:
    a user who was given none has none.
    """
    words = {word.strip() for word in scopes.split(",") if word.strip()}
    allow = open_database().webhook_allow_private
    if webhook and (objection := objection_to_receiver(webhook, allow_private=allow)):
        sys.exit(f"No key was made: --webhook: {objection}")
    at = now()
    until = None if expires_in is None else at + expires_in
    try:
        key = keys.make(user, words, accounts, at=at, expires_at=until, webhook_url=webhook)
        [kept] = api_keys.with_ids([key.split("_")[1]])
    except (ValueError, StoreUnavailable) as reason:
        sys.exit(f"No key was made: {reason}")
    _show_new(key, as_json)
    _say_what_it_may(kept)


def _say_what_it_may(kept: KeptKey) -> None:
    """Say for whom a new key speaks and where it publishes."""
    assert kept.user is not None
    reaches, holder = shown_accounts(kept.reaches), kept.holder(session_id=None)
    click.echo(f"It speaks for {kept.user_id} ({kept.user.role}); accounts: {reaches}.", err=True)
    if kept.user.disabled_at is not None:
        click.echo(f"{kept.user_id} is disabled: it opens nothing.", err=True)
    elif Scope.PUBLISH in kept.scopes and not holder.may(Scope.PUBLISH):
        click.echo(f"A {kept.user.role} publishes nothing: see storyclip users role.", err=True)
    elif not kept.reaches:
        click.echo(
            "It publishes nowhere yet. Name its user's accounts:"
            f" storyclip users accounts {kept.user_id} ID[,ID…] (or --all-accounts).",
            err=True,
        )


@key_commands.command(name="list")
@AS_JSON
def list_keys(as_json: bool) -> None:
    """Show all keys, with their rights and times, but never their secrets."""
    open_database()
    try:
        found = api_keys.every()
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    click.echo(key_list.as_json(found) if as_json else key_list.as_table(found))


@key_commands.command()
@click.argument("key_id")
@CANCELS
@AS_JSON
def revoke(key_id: str, cancel_batches: bool, as_json: bool) -> None:
    """Make a key useless from now on; its id is the part between `sc_` and the next `_`.

    What was asked for by it goes out all the same, as long as its user may publish there, unless
    --cancel-batches is said.
    """
    open_database()
    try:
        asked_for = running_of(EVERYTHING, key_id) if cancel_batches else ()
        revoked, kept = rights.revoke(key_id, now(), cancels=cancel_batches)
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    if not revoked:
        _say_cancelled(key_id, len(asked_for) - len(kept))
        say_kept(kept)
        sys.exit(f"There is no key {key_id} in use.")
    if as_json:
        click.echo(json.dumps({"id": key_id, "revoked": True}))
    click.echo(f"{key_id} is revoked.", err=True)
    if keys.is_seeded(key_id):
        click.echo(
            "Take it out of STORYCLIP_API_KEYS too: the next start makes it again.", err=True
        )
    say_kept(kept)


def _say_cancelled(key_id: str, count: int) -> None:
    if count:
        click.echo(f"Of what {key_id} had made, cancelled now: {count}.", err=True)


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
    open_database()
    at = now()
    until = None if expires_in is None else at + expires_in
    try:
        key = key_ring.rotate(key_id, at, grace, until)
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
    open_database()
    try:
        click.echo(secrets_of(user, now())[0])
    except (LookupError, StoreUnavailable) as reason:
        sys.exit(f"There is no secret yet: {reason}")
