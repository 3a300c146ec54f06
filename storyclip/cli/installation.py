"""The installation that DATABASE_URL names, as the commands about it open it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from config.settings import Settings, SettingsInvalid
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import database
from storyclip.store.access import sealing
from storyclip.store.service.place import server_time


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
