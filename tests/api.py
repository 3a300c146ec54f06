"""The client of the service that all tests have: what a program with a key asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

TIMEOUT_S = 20.0
WISH_TIMEOUT_S = 60.0  # a cancel looks upstream before it answers
ACTIVE = ("processing", "paused")


class Api:
    """One installation as one key sees it."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    @property
    def headers(self) -> dict[str, str]:
        """What shows the key."""
        return {"X-Api-Key": self.key}

    def address(self, path: str) -> str:
        """Where a call is; one that does not begin with a slash is below the API's own path."""
        return self.url + (path if path.startswith("/") else f"/api/metricool/{path}")

    def get(self, path: str, **query: str) -> requests.Response:
        return self.ask("GET", path, params=query)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        **how: Any,
    ) -> requests.Response:
        """One call, directly: it is on this machine, whatever proxy is set."""
        given = {**self.headers, **(headers or {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.address(path), headers=given, timeout=timeout_s, **how
            )

    def create(
        self,
        posts: Sequence[str] | Sequence[Mapping[str, str]],
        account: str,
        *,
        schedule: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> requests.Response:
        """Ask for a batch of these clips, or of these addresses."""
        return self.ask(
            "POST", "publish/stories", json=asked(posts, account, schedule, **settings),
            headers=headers,
        )  # fmt: skip

    def accepted(
        self, posts: Sequence[str] | Sequence[Mapping[str, str]], account: str, **how: Any
    ) -> str:
        """Ask for a batch that is accepted; return its id."""
        answer = self.create(posts, account, **how)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["batchId"])

    def wish(self, action: str, batch_id: str, **query: str) -> requests.Response:
        """Lay hand on a batch: pause, resume, cancel, retry-failed."""
        query = {"batchId": batch_id, **query}
        return self.ask("POST", action, params=query, timeout_s=WISH_TIMEOUT_S)

    def status(self, batch_id: str) -> dict[str, Any]:
        answer = self.get("status", batchId=batch_id)
        assert answer.ok, answer.text
        return dict(answer.json())

    def batches(self) -> list[dict[str, Any]]:
        """The newest hundred."""
        return list(self.get("batches", limit="100").json()["batches"])


def asked(
    posts: Sequence[str] | Sequence[Mapping[str, str]],
    account: str,
    schedule: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Return the body of a request for a batch; without a schedule it is for now."""
    body: dict[str, Any] = {
        "posts": [{"url": post} if isinstance(post, str) else post for post in posts],
        "settings": {"accountId": account, **settings},
    }
    return body if schedule is None else {**body, "schedule": schedule}


def sources(name: str, count: int) -> list[str]:
    """Return the addresses of so many clips, in order."""
    return [f"https://cdn.example.com/{name}/{index}.mp4" for index in range(1, count + 1)]
