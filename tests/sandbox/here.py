"""A client of a sandbox in this very process, whose clock stands at noon until it is moved."""

import json
from collections.abc import Mapping
from typing import Any

from storyclip.sandbox import in_process
from storyclip.sandbox.clock import from_rfc3339
from storyclip.sandbox.in_process import Answer, Request
from storyclip.sandbox.ledger import AnyLedger
from storyclip.sandbox.posts import Post
from storyclip.sandbox.wall_time import to_wall_time
from tests.sandbox.conftest import ACCOUNT, SOURCE, TOKEN

NOON = "2026-12-01T12:00:00Z"
NOON_MS = from_rfc3339(NOON)
POSTS = "v2/scheduler/posts"
FIRST_ID = 310_000_001
MEDIA = "https://static.metricool.com/video/202612/1-a.mp4"


def at(in_s: float) -> int:
    """So many seconds after noon, in ms since 1970."""
    return NOON_MS + round(in_s * 1000)


class Here:
    def __init__(self, *faults: Mapping[str, Any], ledger: AnyLedger | None = None) -> None:
        self.sandbox = in_process.start(NOON_MS, faults=faults, ledger=ledger)

    def restarted(self, *faults: Mapping[str, Any]) -> "Here":
        """Another sandbox that knows what this one's ledger tells, at the same time."""
        again = Here(*faults, ledger=self.sandbox.ledger)
        again.sandbox.clock.freeze(self.sandbox.clock.now_ms())
        return again

    def advance(self, seconds: float) -> None:
        self.sandbox.clock.advance(round(seconds * 1000))
        self.sandbox.catch_up()

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        named = {"userId": 1, "blogId": ACCOUNT} | query
        given = {name: str(value) for name, value in named.items() if value is not None}
        text = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/api/{path}", given, {"X-Mc-Auth": TOKEN}, text)
        return in_process.ask(self.sandbox, request)

    def story(self, in_s: float = 120, network: str = "facebook", **fields: Any) -> dict[str, Any]:
        wall = to_wall_time(at(in_s), "UTC")
        return {
            "publicationDate": {"dateTime": wall, "timezone": "UTC"},
            "text": "",
            "providers": [{"network": network}],
            "media": [MEDIA],
            "autoPublish": True,
            f"{network}Data": {"type": "STORY", "autoPublish": True},
            **fields,
        }

    def post(self, body: dict[str, Any] | None = None) -> Answer:
        return self.ask("POST", POSTS, self.story() if body is None else body)

    def created(self, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.post(body)
        assert answer.status == 200, answer.body
        post: dict[str, Any] = json.loads(answer.body)["data"]
        return post

    def get(self, post_id: int) -> dict[str, Any] | None:
        """The post, or None where the answer is 404."""
        answer = self.ask("GET", f"{POSTS}/{post_id}")
        assert answer.status in (200, 404), answer.body
        post: dict[str, Any] | None = json.loads(answer.body).get("data")
        return post

    def delete(self, post_id: int) -> Answer:
        return self.ask("DELETE", f"{POSTS}/{post_id}")

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        """Everything from a day before noon to ten days after it."""
        start, end = to_wall_time(at(-86_400), "UTC"), to_wall_time(at(864_000), "UTC")
        answer = self.ask("GET", POSTS, start=start, end=end, timezone="UTC", **query)
        posts: list[dict[str, Any]] = json.loads(answer.body)["data"]
        return posts

    def deleted(self) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"{POSTS}/deleted", timezone="UTC")
        elements: list[dict[str, Any]] = json.loads(answer.body)["data"]["elements"]
        return elements

    def normalize(self, source: str = SOURCE) -> str:
        return self.ask("GET", "actions/normalize/image/url", url=source).body.decode()

    def ledger(self, event: str | None = None) -> list[dict[str, Any]]:
        return [line for line in self.sandbox.ledger.lines() if event in (None, line["event"])]

    def found(self, post_id: int) -> Post:
        return self.sandbox.world.shelf.find(None, post_id)
