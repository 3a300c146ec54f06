"""A link with which a user sets a password."""

from __future__ import annotations

import json
import sys

import click

from storyclip.cli.installation import now, open_database
from storyclip.domain.errors import NotFound, StoreUnavailable, UserDisabled
from storyclip.domain.views import rfc3339
from storyclip.stack.whereabouts import address_for
from storyclip.store.access import password_links

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("user")
@AS_JSON
def link(user: str, as_json: bool) -> None:
    """Print a link with which a user sets a password, once: an invitation, or a new start."""
    settings, at = open_database(), now()
    try:
        token = password_links.issue(user, at)
    except UserDisabled as reason:
        sys.exit(f"No link was made: {reason}. See storyclip users enable.")
    except (NotFound, StoreUnavailable) as reason:
        sys.exit(f"No link was made: {reason}")
    address = f"{address_for(settings)}/join#{token}"
    until = rfc3339(at + password_links.GOOD_FOR)
    facts = {"user": user, "link": address, "expiresAt": until}
    click.echo(json.dumps(facts) if as_json else address)
    click.echo(
        f"Good until {until}, once. A link that {user} had before is not any more.", err=True
    )
