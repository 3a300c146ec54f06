"""The commands a person types. Data on stdout, everything else on stderr."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import click

from config.settings import SettingsInvalid
from storyclip import __version__
from storyclip.cli import (
    audit,
    key_commands,
    recovery,
    secret_commands,
    signin,
    upkeep,
    user_commands,
)
from storyclip.cli.installation import act_as_command
from storyclip.stack import demo as stack_demo
from storyclip.stack import run as stack_run
from storyclip.terminal.commands import watch
from storyclip.terminal.console import CleanConsole, clean_streams
from storyclip.terminal.ending import INTERRUPTED
from storyclip.terminal.publish_command import publish


class Commands(click.Group):
    """The commands, with whatever they say cleaned on its way to the terminal."""

    def main(self, *args: Any, **how: Any) -> Any:
        """Run the command that was typed."""
        with clean_streams():
            return super().main(*args, **how)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="StoryClip %(version)s")
def main() -> None:
    """StoryClip publishes sequences of story clips through Metricool, each once and in order."""
    act_as_command()


for command in (
    publish,
    watch,
    upkeep.backup,
    upkeep.restore,
    upkeep.migrate,
    recovery.recover,
    recovery.pause_all,
    recovery.resume_all,
    key_commands.key_commands,
    secret_commands.secrets,
    user_commands.user_commands,
    signin.signin,
    audit.audit,
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
        sys.exit(stack_demo.play(CleanConsole(), CleanConsole(stderr=True), keep))
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
    sys.exit(stack_run.run(CleanConsole(), CleanConsole(stderr=True), data, verbose))


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature
    sys.exit(128 + number)
