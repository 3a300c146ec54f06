"""One sandbox for all tests of a run; each starts empty, at noon (UTC) of a day of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from storyclip.sandbox.process import SandboxProcess

ACCOUNT = "2000001"
SOURCE = "https://cdn.example.com/clips/1.mp4"
TOKEN = "sandbox-token"
DEADLINE_S = 20


class Metricool:
    """What a client says to the sandbox, with times counted in seconds from the test's noon."""

    def __init__(self, sandbox: SandboxProcess, noon: datetime) -> None:
        self.sandbox = sandbox
        self.noon = noon
        self.http = requests.Session()
        self.http.trust_env = False
        self.log_in(TOKEN)

    def log_in(self, token: str | None) -> None:
        """Use this token from now on, or none."""
        self.http.headers.pop("X-Mc-Auth", None)
        if token is not None:
            self.http.headers["X-Mc-Auth"] = token

    def wall(self, in_s: float) -> str:
        """That moment as UTC wall time, Metricool's form."""
        return f"{self.noon + timedelta(seconds=in_s):%Y-%m-%dT%H:%M:%S}"

    def iso(self, in_s: float) -> str:
        """That moment as the ledger writes it."""
        moment = self.noon + timedelta(seconds=in_s)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def call(
        self,
        method: str,
        path: str,
        /,
        body: Any = None,
        timeout_s: float = DEADLINE_S,
        **query: Any,
    ) -> requests.Response:
        params: dict[str, Any] = {"userId": 1, "blogId": ACCOUNT} | query
        url = f"{self.sandbox.url}/{path}"
        return self.http.request(method, url, json=body, params=params, timeout=timeout_s)

    def story(self, in_s: float = 120, network: str = "facebook", **fields: Any) -> dict[str, Any]:
        """A whole body for POST posts, as in metricool.md §2.3."""
        body: dict[str, Any] = {
            "publicationDate": {"dateTime": self.wall(in_s), "timezone": "UTC"},
            "text": "",
            "providers": [{"network": network}],
            "media": ["https://static.metricool.com/video/202612/1-a.mp4"],
            "autoPublish": True,
            "draft": False,
            f"{network}Data": {"type": "STORY"},
        }
        if network == "instagram":
            body["instagramData"]["autoPublish"] = True
        return body | fields

    def post(self, body: dict[str, Any] | None = None, **query: Any) -> requests.Response:
        body = self.story() if body is None else body
        return self.call("POST", "v2/scheduler/posts", body, **query)

    def created(self, body: dict[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        """Post, and return what the answer says was created."""
        answer = self.post(body, **query)
        assert answer.status_code == 200, answer.text
        post: dict[str, Any] = answer.json()["data"]
        return post

    def get(self, post_id: int) -> requests.Response:
        return self.call("GET", f"v2/scheduler/posts/{post_id}")

    def status(self, post_id: int) -> str:
        """The status of the post's first network."""
        status: str = self.get(post_id).json()["data"]["providers"][0]["status"]
        return status

    def listed(
        self, from_s: float = -3600, to_s: float = 3600, **query: Any
    ) -> list[dict[str, Any]]:
        window = {"start": self.wall(from_s), "end": self.wall(to_s), "timezone": "UTC"}
        answer = self.call("GET", "v2/scheduler/posts", **(window | query))
        assert answer.status_code == 200, answer.text
        posts: list[dict[str, Any]] = answer.json()["data"]
        return posts

    def normalize(self, source: str = SOURCE, **query: Any) -> requests.Response:
        return self.call("GET", "actions/normalize/image/url", url=source, **query)

    def ledger(self, event: str | None = None) -> list[dict[str, Any]]:
        return [line for line in self.sandbox.ledger() if event in (None, line["event"])]


Start = Callable[..., SandboxProcess]


@pytest.fixture(scope="session")
def _days() -> Iterator[datetime]:
    first = datetime(2026, 12, 1, 12, tzinfo=UTC)
    return (first + timedelta(days=day) for day in count())


@pytest.fixture(scope="session")
def _shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    ledger = tmp_path_factory.mktemp("sandbox") / "ledger.jsonl"
    with SandboxProcess(ledger, clock="2026-11-30T00:00:00Z", publish_delay=5) as sandbox:
        yield sandbox


@pytest.fixture
def metricool(_shared_sandbox: SandboxProcess, _days: Iterator[datetime]) -> Iterator[Metricool]:
    _shared_sandbox.reset()
    noon = next(_days)
    _shared_sandbox.set_clock(noon.isoformat())
    client = Metricool(_shared_sandbox, noon)
    with client.http:
        yield client


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a sandbox with flags of one's own, on the ledger of this test."""
    with ExitStack() as running:

        def start_one(**flags: Any) -> SandboxProcess:
            return running.enter_context(SandboxProcess(tmp_path / "ledger.jsonl", **flags))

        yield start_one


@pytest.fixture
def client_of() -> Iterator[Callable[[SandboxProcess], Metricool]]:
    """A client for a sandbox of one's own, whose noon is the sandbox's present."""
    with ExitStack() as open_sessions:

        def client(sandbox: SandboxProcess) -> Metricool:
            metricool = Metricool(sandbox, datetime.fromisoformat(sandbox.now()))
            open_sessions.enter_context(metricool.http)
            return metricool

        yield client
