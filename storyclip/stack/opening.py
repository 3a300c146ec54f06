"""The opening of the database, as the stack sees it: `opening_main` in its own process."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config import private
from config.children import for_the_service
from storyclip.stack.child import CHECKOUT
from storyclip.stack.log_lines import last_lines


class NotOpened(Exception):
    """The database cannot be opened; the message says why."""


class Opening:
    """Hears the two lines of `opening_main`, each when it is due."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "storyclip.stack.opening_main"],
                cwd=CHECKOUT,
                env=for_the_service(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                umask=private.UMASK,
                process_group=0,
            )

    def first_key(self, until: float) -> str | None:
        """Wait until the database is open; return the key that was made for it, if one was.

        Raises:
            NotOpened: with the reason.
        """
        pipe = self._process.stdout
        assert pipe is not None
        patience_s = max(until - time.monotonic(), 0)
        line = pipe.readline() if select.select([pipe], [], [], patience_s)[0] else b""
        if not line:
            raise NotOpened(f"the database cannot be opened:\n{last_lines(self._log)}")
        key: str | None = json.loads(line)
        return key

    def trouble_with_workers(self) -> str | None:
        """Return None once a worker has moved its counter, else what is known."""
        pipe = self._process.stdout
        assert pipe is not None
        if not select.select([pipe], [], [], 0)[0]:
            return "no worker has shown a sign of life"
        return None if pipe.readline() else last_lines(self._log).strip() or "nobody looks"

    def end(self) -> None:
        """End it if it still runs."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
