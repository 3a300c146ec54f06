"""The installation's secrets: which there are, what hangs on each, and exchanging them."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import click

from storyclip.cli import key_list
from storyclip.cli.installation import now, open_database
from storyclip.domain.errors import NotFound, StillNeeded, StoreUnavailable
from storyclip.store.access import pepper, rotation, sealing, webhook_secrets
from storyclip.store.access.rotation import PepperStanding
from storyclip.webhooks.signing import as_text

SPAN = key_list.Span()
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
FIRST = "first"  # how the pepper without a name is called here
UNCHANGED = (NotFound, StillNeeded, StoreUnavailable)


@click.group(name="secrets")
def secrets() -> None:
    """Pepper and webhook secrets of the installation that DATABASE_URL names, and their exchange.

    Everything goes on meanwhile: two are good at once. How it is done is in SECURITY.md.
    """


@secrets.command(name="list")
@AS_JSON
def list_secrets(as_json: bool) -> None:
    """Show which peppers there are, what seals them, and what hangs on each; never a secret."""
    open_database()
    try:
        found, sealed_by = rotation.standing(now()), pepper.seals()
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    if as_json:
        shown = [{**_shown(one), "sealedBy": sealed_by[one.pepper_id]} for one in found]
        click.echo(json.dumps({"secrets": list(sealing.ids()), "peppers": shown}))
        return
    for one in found:
        use = "in use" if one.is_in_use else "not in use any more"
        seal = sealed_by[one.pepper_id]
        box = f"sealed with {seal}" if seal else "open in the database"
        signs = f", signs the webhooks of {', '.join(one.webhooks_of)}" if one.webhooks_of else ""
        click.echo(f"pepper {one.pepper_id or FIRST}: {use}, {box}, {one.keys} keys{signs}")
    click.echo(f"STORYCLIP_SECRET: {', '.join(sealing.ids()) or 'not set'}")


@secrets.command()
@AS_JSON
def seal(as_json: bool) -> None:
    """Seal the peppers with the first secret of STORYCLIP_SECRET; each start does the same."""
    open_database()
    if not sealing.ids():
        sys.exit("Nothing was sealed: STORYCLIP_SECRET is not set.")
    try:
        count = pepper.seal(now())
    except StoreUnavailable as reason:
        sys.exit(f"Nothing was changed: {reason}")
    if as_json:
        click.echo(json.dumps({"sealed": count, "secret": sealing.ids()[0]}))
    click.echo(f"{count} sealed with {sealing.ids()[0]}; the others were.", err=True)


@secrets.group()
def rotate() -> None:
    """Take another pepper or webhook secret into use; the one before stays good beside it."""


@rotate.command(name="pepper")
@AS_JSON
def rotate_pepper(as_json: bool) -> None:
    """Take another pepper into use and print its name.

    A key gets its new hash when it is used next. Webhook secrets stay as they are.
    """
    open_database()
    try:
        pepper_id = rotation.rotate_pepper(now())
    except UNCHANGED as reason:
        sys.exit(f"Nothing was changed: {reason}")
    click.echo(json.dumps({"pepper": pepper_id}) if as_json else pepper_id)
    click.echo("Once nothing hangs on the one before: secrets retire.", err=True)


@rotate.command(name="webhook")
@click.option("--user", required=True, help="Whose batches report to the receiver.")
@click.option(
    "--grace",
    type=SPAN,
    default="7d",
    show_default=True,
    help="How long the secret before signs too, as 7d, 12h or 30m.",
)
@AS_JSON
def rotate_webhook(user: str, grace: timedelta, as_json: bool) -> None:
    """Print a new secret for a user's receivers; until the grace is over both sign.

    A message carries a signature of each, and a receiver is content with either.
    """
    open_database()
    try:
        secret = as_text(webhook_secrets.rotate(user, now(), grace))
    except UNCHANGED as reason:
        sys.exit(f"Nothing was changed: {reason}")
    click.echo(json.dumps({"user": user, "secret": secret}) if as_json else secret)
    click.echo(f"The one before signs too, until {grace} from now.", err=True)


@secrets.command()
@click.argument("pepper_id")
@click.option("--revoke-keys", is_flag=True, help="End the keys that were not used since.")
@AS_JSON
def retire(pepper_id: str, revoke_keys: bool, as_json: bool) -> None:
    """Forget a pepper that is not in use any more, by its name in `secrets list`."""
    open_database()
    name = pepper.FIRST if pepper_id == FIRST else pepper_id
    try:
        revoked = rotation.retire_pepper(name, now(), revoke_keys=revoke_keys)
    except UNCHANGED as reason:
        sys.exit(f"Nothing was changed: {reason}")
    if as_json:
        click.echo(json.dumps({"retired": pepper_id, "revokedKeys": revoked}))
    click.echo(f"{pepper_id} is forgotten; {revoked} keys ended with it.", err=True)


def _shown(one: PepperStanding) -> dict[str, object]:
    return {
        "id": one.pepper_id or FIRST,
        "inUse": one.is_in_use,
        "keys": one.keys,
        "webhooksOf": list(one.webhooks_of),
    }
