"""What a client of one web process says, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api import Api
from tests.crash.scenario import BEST_TIME, CLIPS, FAR, NOW, Scenario

KEY = "crash-client-key-of-32-characters"
MINUTES_AHEAD_S = 60.0  # to be drawn near
HOURS_AHEAD_S = 2 * 3600.0
ACCEPTED, DONE, NOT_NOW = 202, 200, 409
ASK_AGAIN = (502, 503)  # "nothing was changed; ask again later"


class Trouble(Exception):
    """The scenario cannot be judged, which counts as a failure."""


@dataclass(frozen=True)
class Said:
    """What the user asked for, and the answer; 409 is one, too."""

    verb: str
    asked_at: datetime
    answered_at: datetime
    status: int
    body: Mapping[str, Any]

    @property
    def is_done(self) -> bool:
        """Return whether it was done."""
        return self.status == DONE


class Client:
    """A user of one account, at whichever web process lives."""

    def __init__(self, scenario: Scenario, account: str) -> None:
        self._scenario, self._account = scenario, account

    def sources(self, *, beside: bool = False) -> list[str]:
        """Return the clips' addresses; those of the second batch have names of their own."""
        name = "beside-" if beside else ""
        folder = f"https://cdn.example.com/{self._account}"
        return [f"{folder}/{name}{index}.mp4" for index in range(1, CLIPS + 1)]

    def post(
        self, port: int, *, beside: bool = False, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask for a batch, and return the answer.

        Raises:
            requests.ConnectionError: the web died.
            Trouble: it was refused.
        """
        scenario = self._scenario
        mode = scenario.beside or NOW if beside else scenario.mode
        answer = _web(port).create(
            self.sources(beside=beside),
            self._account,
            schedule=_schedule(mode, scenario.dates),
            headers=headers,
            network=scenario.network,
            onFailure="pause" if scenario.pauses and not beside else "continue",
        )
        if answer.status_code != ACCEPTED:
            raise Trouble(f"refused: {answer.status_code} {answer.text}")
        body: dict[str, Any] = answer.json()
        return body

    def wish(self, port: int, batch_id: str, verb: str, query: Mapping[str, str]) -> Said:
        """Ask for something to be done with a batch; again for as long as it says so.

        Raises:
            requests.ConnectionError: the web died.
            Trouble: the answer is none that a user can do something with.
        """
        for _ in range(10):
            asked_at = datetime.now(UTC)
            answer = _web(port).wish(verb, batch_id, **query)
            if answer.status_code in (DONE, NOT_NOW):
                code = answer.status_code
                return Said(verb, asked_at, datetime.now(UTC), code, answer.json())
            if answer.status_code not in ASK_AGAIN:
                break
        raise Trouble(f"{verb}: {answer.status_code} {answer.text}")


def _web(port: int) -> Api:
    return Api(f"http://127.0.0.1:{port}", KEY)


def _schedule(mode: str, dates: str) -> dict[str, str]:
    if mode == NOW:
        return {"mode": mode}
    if mode == BEST_TIME:
        return {"mode": mode, "timezone": "Europe/Madrid"}
    ahead_s = HOURS_AHEAD_S if dates == FAR else MINUTES_AHEAD_S
    at = datetime.now(UTC) + timedelta(seconds=ahead_s)
    return {"mode": mode, "scheduledAt": at.isoformat()}
