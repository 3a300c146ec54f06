"""Where the running stack answers: it says so in its data folder, to who makes links to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from config import private
from config.addresses import sqlite_file
from config.settings import Settings
from storyclip.stack.ports import HOST

NAME = "stack.url"
_USUAL_FOLDER = Path("data")


def leave(data_dir: Path, url: str) -> None:
    """Say where this process's stack answers.

    Raises:
        OSError: nothing was said.
    """
    said = os.open(data_dir / NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, private.FILE)
    with os.fdopen(said, "w") as file:
        file.write(f"{os.getpid()} {url}\n")


def forget(data_dir: Path) -> None:
    """Say it no more."""
    (data_dir / NAME).unlink(missing_ok=True)


def address_for(settings: Settings) -> str:
    """Return what a link to StoryClip begins with: as the settings say, else where it runs here."""
    if settings.public_url is not None:
        return settings.public_url
    if "client_url" in settings.model_fields_set:
        return settings.client_url
    is_sqlite = settings.database_url.startswith("sqlite")
    folder = sqlite_file(settings.database_url).parent if is_sqlite else _USUAL_FOLDER
    return _running_in(folder) or f"http://{HOST}:{settings.port}"


def _running_in(data_dir: Path) -> str | None:
    try:
        pid, _, url = (data_dir / NAME).read_text().partition(" ")
    except OSError:  # no stack, or somebody else's
        return None
    is_whole = url.endswith("\n") and pid.isdecimal()
    return url.strip() if is_whole and _lives(int(pid)) else None


def _lives(pid: int) -> bool:
    """Return whether there is the process; one that was killed has left its file."""
    with suppress(PermissionError):  # somebody else's, but there
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
