"""The options that each command has, and the service that they name."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from config.addresses import service_url
from config.settings import Settings, SettingsInvalid
from storyclip.terminal.ending import USAGE, end
from storyclip.terminal.service import Service

_KEY = re.compile(r"[!-~]+")

_OPTIONS = (
    click.option("--url", help="Where StoryClip answers; else STORYCLIP_URL."),
    click.option(
        "--key",
        help="API key; else STORYCLIP_API_KEY, which other users of the machine cannot see.",
    ),
    click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout, for scripts."),
    click.option(
        "--give-up-after",
        "give_up_after_s",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="Time without any connection after which the exit code is 3.",
    ),
)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that each has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def service_of(url: str | None, key: str | None) -> Service:
    """Return the service that was named, or end."""
    try:
        settings = Settings.from_environment(needs_upstream=False)
        address = settings.client_url if url is None else service_url(url)
    except SettingsInvalid as invalid:
        end(USAGE, *invalid.problems)
    except ValueError as expected:
        raise click.BadParameter(f"expected {expected}", param_hint="--url") from None
    if key is None and settings.client_key is not None:
        key = settings.client_key.get_secret_value()
    if not key:
        raise click.UsageError("No API key: set STORYCLIP_API_KEY or give --key.")
    if not _KEY.fullmatch(key):
        raise click.UsageError("The API key is none: expected visible ASCII characters.")
    return Service(address, key)
