"""How commands take and show accounts: some by their ids, or every one, which is said aloud."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from storyclip.domain.names import EVERY, Names, names

Command = Callable[..., None]


def chosen_accounts(says: str) -> Callable[[Command], Command]:
    """Give a command `accounts`: what --accounts or --all-accounts said, None of neither."""

    def decorated(command: Command) -> Command:
        @click.option(
            "--account", "--accounts", "ids", multiple=True, metavar="ID[,ID…]", help=says
        )
        @click.option("--all-accounts", is_flag=True, help="Every account there is and will be.")
        @wraps(command)
        def chosen(ids: tuple[str, ...], all_accounts: bool, **options: Any) -> None:
            command(accounts=accounts_said(ids, all_accounts=all_accounts), **options)

        return chosen

    return decorated


def accounts_said(ids: tuple[str, ...], *, all_accounts: bool) -> Names | None:
    """Return what was chosen, None where nothing was said."""
    if ids and all_accounts:
        raise click.UsageError("Either accounts by their ids, or --all-accounts.")
    if all_accounts:
        return EVERY
    named = [one.strip() for word in ids for one in word.split(",")]
    if not all(named):
        raise click.UsageError("An account's id is missing beside a comma.")
    return names(named) if ids else None


def shown_accounts(some: Names) -> str:
    """Return accounts as people read them."""
    return "all" if some.is_every else ",".join(sorted(some.named)) or "none"
