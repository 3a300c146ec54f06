"""The installation that DATABASE_URL names, as the commands about it open it."""

from __future__ import annotations

import os
import platform
import pwd
import sys
from datetime import UTC, datetime

from config.settings import Settings, SettingsInvalid
from storyclip.domain.act import Actor, Via
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import acts, database
from storyclip.store.access import sealing
from storyclip.store.service.place import server_time


def act_as_command() -> None:
    """Have what the command does be done by the operating system's user, on this host."""
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:  # in a container, it may have no name
        user = str(uid)
    acts.acts_as(Actor(Via.COMMAND, user_id=user, address=platform.node()))


def open_database() -> Settings:
    """Open it, or end the command with the reason."""
    try:
        settings = Settings.from_environment(needs_upstream=False)
        database.connect(settings.database_url)
        sealing.use(settings.secret_source())
    except (SettingsInvalid, StoreUnavailable) as reason:
        sys.exit(str(reason))
    return settings


def now() -> datetime:
    """Return the time by which its rows are written."""
    try:
        return server_time() or datetime.now(UTC)
    except StoreUnavailable as reason:
        sys.exit(str(reason))
