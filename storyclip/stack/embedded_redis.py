"""The Redis that a stack brings: on a socket that its own user alone can reach, with a password."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import private
from storyclip.stack import programs
from storyclip.stack.child import Program

MOST_BYTES = 103  # of a socket's path: macOS; Linux takes four more
SHORTEST = "/tmp"  # noqa: S108  # only ever a folder in it that is made anew, with 0700
ANSWER_S = 2.0


class EmbeddedRedis:
    """Where it is, what runs it, and whether it is ours that answers there.

    Args:
        folder: gets what it keeps, and the socket if the path is short enough for one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = folder / "redis.conf"
        self.elsewhere: Path | None = None
        self._is_cleared = False
        socket = folder / "redis.sock"
        if len(str(socket).encode()) > MOST_BYTES:
            self.elsewhere = _short_folder()
            socket = self.elsewhere / "redis.sock"
        self._socket = socket
        self._password = secrets.token_urlsafe(24)
        self.url = f"unix://:{self._password}@{quote(str(socket))}?db=0"

    def prepare(self) -> None:
        """Make its folder, and the file that tells it its password: a command line is public."""
        self._folder.mkdir(exist_ok=True, mode=private.FOLDER)
        if self.elsewhere is not None and self._is_cleared:
            self.elsewhere.mkdir(private.FOLDER)  # fails where somebody else was quicker
            self._is_cleared = False
        self._config.unlink(missing_ok=True)
        self._config.touch(private.FILE)
        self._config.write_text(f"requirepass {self._password}\n")

    def program(self) -> Program:
        """Return what runs it."""
        where = ("--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700")
        return programs.redis(self._folder, str(self._config), *where, trouble=self.trouble)

    def trouble(self, pids: Collection[int]) -> str | None:
        """Say why it is of no use, None if all is well.

        Asked with our password, and whether it is the process that we started: one that was
        stopped still lives, and another may have taken the socket's place.
        """
        client = redis.Redis.from_url(
            self.url,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            with client:
                pid = client.info("server")["process_id"]
        except redis.BusyLoadingError:
            return None  # it reads what it kept
        except redis.RedisError as silence:
            return str(silence)
        return None if pid in pids else f"process {pid} has taken its place"

    def clear(self) -> None:
        """Remove what was made outside of its folder; it must not run any more."""
        if self.elsewhere is not None:
            shutil.rmtree(self.elsewhere, ignore_errors=True)
            self._is_cleared = True


def _short_folder() -> Path:
    """Make a folder of this user's own for the socket, where temporary files are, or in /tmp."""
    usual = tempfile.gettempdir()
    longest = len(f"{usual}/storyclip-12345678/redis.sock".encode())
    return Path(
        tempfile.mkdtemp(prefix="storyclip-", dir=usual if longest <= MOST_BYTES else SHORTEST)
    )
