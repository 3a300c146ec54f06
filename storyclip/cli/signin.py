"""A new link that signs a browser in."""

from __future__ import annotations

import json
import sys

import click

from storyclip.cli.installation import now, open_database
from storyclip.domain.errors import StoreUnavailable
from storyclip.stack.whereabouts import address_for
from storyclip.store.access import signin_links


@click.command()
@click.option("--user", help="Whom it signs in; without it an admin, else who may publish.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def signin(user: str | None, as_json: bool) -> None:
    """Print a link that signs a browser in, once and within ten minutes, by a key of the user's.

    It begins with STORYCLIP_PUBLIC_URL, else STORYCLIP_URL, else where StoryClip runs here.
    """
    settings = open_database()
    at = now()
    try:
        who = signin_links.who_signs_in(at, user)
        if who is None or who.key_id is None:
            whose = "nobody has a key that may publish" if user is None else f"{user} has no key"
            sys.exit(f"No link was made: {whose}. See storyclip keys create.")
        token = signin_links.issue(who.key_id, at)
    except StoreUnavailable as reason:
        sys.exit(f"No link was made: {reason}")
    link = f"{address_for(settings)}/signin?token={token}"
    facts = {"link": link, "user": who.user_id, "role": who.role, "key": who.key_id}
    click.echo(json.dumps(facts) if as_json else link)
    click.echo(f"It signs {who.user_id} ({who.role}) in, once, within ten minutes.", err=True)
