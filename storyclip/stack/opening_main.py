"""A program that opens the database for a stack, and tells when a worker lives in it.

Its own process, because `store` binds the whole process to one database, and a test that starts a
stack may be bound to another. Prints two lines of JSON: the key of a new installation or null,
before web and worker may start; then the name of the first worker that moves its counter.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime

from config import loading
from config.private import keep_private
from config.settings import Settings, SettingsInvalid
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import database
from storyclip.store.access import pepper, sealing, seeding
from storyclip.store.service import workers
from storyclip.store.service.place import server_time

LOOK_S = 0.1


def main() -> int:
    """Migrate, seed the keys, make the first one; then watch the workers until one beats."""
    loading.is_over()
    keep_private()
    stack = os.getppid()
    try:
        settings = Settings.from_environment()
        database.connect(settings.database_url)
        sealing.use(settings.secret_source())
        now = server_time() or datetime.now(UTC)
        pepper.seal(now)
        seeding.seed(settings.api_keys, now)
        _say(seeding.first_start(now))
        before = workers.beats()
        while os.getppid() == stack:
            for name, count in workers.beats().items():
                if count != before.get(name):
                    _say(name)
                    return 0
            time.sleep(LOOK_S)
    except (SettingsInvalid, StoreUnavailable) as reason:
        print(reason, file=sys.stderr)
    return 1


def _say(fact: str | None) -> None:
    print(json.dumps(fact), flush=True)


if __name__ == "__main__":
    sys.exit(main())
