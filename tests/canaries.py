"""Looks for secrets where none belongs, while the whole suite runs.

Every key that StoryClip or a stack makes has a shape of its own, and the sandbox takes one token
that is written nowhere else: what matches in a log, an answer, a database or Redis's files got out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from requests.structures import CaseInsensitiveDict

from storyclip.stack.stack import Stack

SECRET = re.compile(
    rb"sc_[0-9a-f]{12}_[\w-]{43}|stack-[\w-]{32}|sandbox-token|whsec_[A-Za-z0-9+/]{43}="
)
# In files alone: an answer sets the cookie, and a clip's URL is its user's to see
SECRET_IN_A_FILE = re.compile(
    rb"(?i:(?:__host-)?storyclip=[\w-]{43}|://[\w.-]*:[^@\s/*\"']+@|bearer [\w-]{20,})"
)
# The one answer that shows a key: to who has just made it
SHOWN_ONCE = re.compile(rb'"secret":"sc_[^"]*"')


class Canaries:
    """What was found since it was last asked: where, and the start of the secret."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Look at every answer, and at the whole folder of a stack that stops."""
        send, open_, stop = requests.Session.send, FlaskClient.open, Stack.stop

        def watched_send(session: Any, request: Any, **how: Any) -> requests.Response:
            answer = send(session, request, **how)
            body = b"" if how.get("stream") else answer.content
            body = SHOWN_ONCE.sub(b"", body)
            self.look(f"the answer to {request.method} {request.path_url}", answer.headers, body)
            return answer

        def watched_open(client: Any, *asked: Any, **how: Any) -> Any:
            answer = open_(client, *asked, **how)
            body = b"" if answer.mimetype == "text/event-stream" else answer.get_data()
            body = SHOWN_ONCE.sub(b"", body)
            self.look(f"the answer to {answer.request.path}", answer.headers, body)
            return answer

        def watched_stop(stack: Stack, *within_s: float) -> None:
            stop(stack, *within_s)
            self.look_into(stack.data_dir.rglob("*"))

        patch.setattr(requests.Session, "send", watched_send)
        patch.setattr(FlaskClient, "open", watched_open)
        patch.setattr(Stack, "stop", watched_stop)

    def look(self, where: str, headers: Any, body: bytes) -> None:
        self._found += hits(where, f"{CaseInsensitiveDict(headers)}".encode())
        self._found += hits(where, body)

    def look_into(self, files: Iterable[Path]) -> None:
        self._found += hits_in(files)

    def taken(self) -> list[str]:
        """Return what was found, once."""
        found, self._found = self._found, []
        return found


def hits(where: str, said: bytes) -> list[str]:
    return [f"{secret.group()[:8].decode()}… in {where}" for secret in SECRET.finditer(said)]


def hits_in(files: Iterable[Path]) -> list[str]:
    kept = [file for file in sorted(files) if file.is_file()]
    found = list[str]()
    for file in kept:
        with suppress(FileNotFoundError):  # renamed into the place of another meanwhile
            found += hits_in_file(file)
    return found


def hits_in_file(file: Path) -> list[str]:
    said = file.read_bytes()
    found = SECRET_IN_A_FILE.finditer(said) if file.suffix == ".log" else ()
    return [
        *hits(file.name, said),
        *(f"{one.group()[:8].decode(errors='replace')}… in {file.name}" for one in found),
    ]
