"""The commands about users: who there is, what they are, and for which accounts they act."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from storyclip.cli import invitation
from storyclip.cli.account_options import accounts_said, chosen_accounts, shown_accounts
from storyclip.cli.cancelling import CANCELS, say_kept
from storyclip.cli.installation import now, open_database
from storyclip.cli.key_list import columns
from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.domain.names import NONE, Names
from storyclip.domain.user import Origin, Role, User, admins
from storyclip.domain.views import rfc3339
from storyclip.flow import rights
from storyclip.store.access import users

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ROLE = click.Choice([role.value for role in Role])
HEADINGS = ("user", "name", "role", "accounts", "created", "disabled", "note")


@click.group(name="users")
def user_commands() -> None:
    """Users of the installation that DATABASE_URL names: their role, and their accounts.

    viewer: looks at their own batches. publisher: makes batches, and has the hand on them.
    operator: the same with everybody's. admin: all that, and people, keys and sessions.
    Everybody on their accounts only.
    """


@user_commands.command()
@click.argument("user")
@click.option("--role", type=ROLE, default=Role.PUBLISHER.value, show_default=True)
@click.option("--name", default="", help="What people call them; the id without it.")
@chosen_accounts("The accounts they act for; none without it.")
@AS_JSON
def create(user: str, role: str, name: str, accounts: Names | None, as_json: bool) -> None:
    """Make a user. A key for them: storyclip keys create --user USER."""
    open_database()
    try:
        if not users.create(user, Role(role), accounts or NONE, now(), name):
            sys.exit(f"There is a user {user} already.")
    except (ValueError, StoreUnavailable) as reason:
        sys.exit(f"Nobody was made: {reason}")
    _show(user, as_json)


@user_commands.command(name="list")
@AS_JSON
def list_users(as_json: bool) -> None:
    """Show all users."""
    open_database()
    try:
        found = users.every()
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    click.echo(json.dumps([_facts(one) for one in found], indent=2) if as_json else _table(found))


@user_commands.command()
@click.argument("user")
@AS_JSON
def show(user: str, as_json: bool) -> None:
    """Show one user."""
    open_database()
    _show(user, as_json)


@user_commands.command()
@click.argument("user")
@click.argument("role", type=ROLE)
@AS_JSON
def role(user: str, role: str, as_json: bool) -> None:
    """Have a user be something else from now on, with every key they have.

    What is still to go out of a viewer's batches fails: see `users disable`.
    """
    open_database()
    try:
        is_last = role != Role.ADMIN and _is_last_admin(user)
        rights.set_role(user, Role(role), now())
    except (NotFound, StoreUnavailable) as reason:
        sys.exit(f"Nothing was changed: {reason}")
    _show(user, as_json)
    _warn_without_admin(is_so=is_last)


@user_commands.command()
@click.argument("user")
@click.argument("ids", nargs=-1, metavar="[ID[,ID…]]")
@click.option("--all-accounts", "--all", is_flag=True, help="Every account there is and will be.")
@click.option("--none", "no_accounts", is_flag=True, help="No account at all.")
@AS_JSON
def accounts(
    user: str, ids: tuple[str, ...], all_accounts: bool, no_accounts: bool, as_json: bool
) -> None:
    """Have a user act for these accounts and no others; show them if none are named.

    What is still to go out on others fails: see `users disable`.
    """
    chosen = accounts_said(ids, all_accounts=all_accounts)
    if no_accounts and chosen is not None:
        raise click.UsageError("Either accounts, or --none.")
    open_database()
    try:
        if chosen is not None or no_accounts:
            rights.set_accounts(user, chosen or NONE, now())
    except (NotFound, StoreUnavailable) as reason:
        sys.exit(f"Nothing was changed: {reason}")
    _show(user, as_json)


@user_commands.command()
@click.argument("user")
@CANCELS
@AS_JSON
def disable(user: str, cancel_batches: bool, as_json: bool) -> None:
    """Let a user do nothing from now on, whatever key or session they have.

    What is still to go out of their batches fails (account_not_allowed), also what Metricool has
    with a date ahead: it is taken back from there. With --cancel-batches it is cancelled for good.
    """
    open_database()
    try:
        is_last = _is_last_admin(user)
        kept = rights.disable(user, now(), cancels=cancel_batches)
    except NotFound as reason:
        sys.exit(str(reason))
    except StoreUnavailable as reason:
        sys.exit(f"Not all was changed: {reason}")
    _show(user, as_json)
    _warn_without_admin(is_so=is_last)
    say_kept(kept)


@user_commands.command()
@click.argument("user")
@AS_JSON
def enable(user: str, as_json: bool) -> None:
    """Let a user do again what they could."""
    open_database()
    try:
        users.enable(user, now())
    except (NotFound, StoreUnavailable) as reason:
        sys.exit(f"Nothing was changed: {reason}")
    _show(user, as_json)


user_commands.add_command(invitation.link)


def _show(user_id: str, as_json: bool) -> None:
    try:
        found = users.find(user_id)
    except StoreUnavailable as reason:
        sys.exit(str(reason))
    if found is None:
        sys.exit(f"There is no user {user_id}.")
    click.echo(json.dumps(_facts(found)) if as_json else _table([found]))


def _is_last_admin(user_id: str) -> bool:
    return admins(users.every()) == {user_id}


def _warn_without_admin(*, is_so: bool) -> None:
    if is_so:
        click.echo("There is no admin any more: only these commands give rights now.", err=True)


def _facts(user: User) -> dict[str, object]:
    return {
        "id": user.user_id,
        "name": user.name,
        "role": user.role,
        "accounts": None if user.accounts.is_every else sorted(user.accounts.named),
        "allAccounts": user.accounts.is_every,
        "createdAt": rfc3339(user.created_at),
        "disabledAt": rfc3339(user.disabled_at),
        "note": _note(user) or None,
    }


def _table(found: Sequence[User]) -> str:
    return columns([HEADINGS, *map(_row, found)])


def _row(user: User) -> tuple[str, ...]:
    times = (user.created_at, user.disabled_at)
    shown = ("-" if at is None else f"{at:%Y-%m-%d %H:%M}Z" for at in times)
    return (user.user_id, user.name, user.role, shown_accounts(user.accounts), *shown, _note(user))


def _note(user: User) -> str:
    match user.origin:
        case Origin.BEFORE_USERS:
            return "as their keys could before users existed"
        case Origin.ENVIRONMENT:
            return "as STORYCLIP_API_KEYS says"
        case _:
            return ""
