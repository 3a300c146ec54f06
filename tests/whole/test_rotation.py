"""Every secret exchanged while the service publishes: no call fails, no message is lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from storyclip.store import database
from storyclip.store.access import sealing
from tests.api import Api
from tests.commands import told_by
from tests.eventually import eventually
from tests.webhooks.receiver import Receiver, receiving
from tests.whole.conftest import WORKERS, Client, Posted, client_of

OURS, NEW = "first-secret-of-the-installation-" * 2, "second-secret-of-the-installation" * 2
OLD_TOKEN, NEW_TOKEN = "sandbox-token", "another-token-of-metricool-0123456789"
CLIPS = 3

pytestmark = pytest.mark.xdist_group("rotation")


@dataclass
class Site:
    """A service whose secrets are in files."""

    folder: Path
    client: Client

    def command(self, *words: str) -> str:
        """Run a command as an operator does, with the secret as the file has it now."""
        ran = told_by(
            *words,
            DATABASE_URL=self.client.stack.database_url,
            STORYCLIP_SECRET_FILE=str(self.folder / "secret"),
        )
        database.disconnect()
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def exchange(self, name: str, said: str) -> None:
        """Rename another file into the place of a secret's."""
        beside = self.folder / f".{name}.new"
        beside.write_text(said)
        beside.replace(self.folder / name)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("rotation")
    (folder / "secret").write_text(OURS)
    (folder / "token").write_text(OLD_TOKEN)
    with client_of(
        folder / "data",
        STORYCLIP_WEBHOOK_ALLOW_PRIVATE="true",
        STORYCLIP_SECRET_FILE=str(folder / "secret"),
        METRICOOL_USER_TOKEN_FILE=str(folder / "token"),
    ) as client:
        yield Site(folder, client)
    sealing.use(tuple)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@dataclass
class Load:
    """Programs that ask all the time, each with its key, and batches that are made meanwhile."""

    apis: list[Api]
    client: Client
    receiver: Receiver
    calls: int = 0
    failed: list[str] = field(default_factory=list)
    batches: list[Posted] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._ask, args=(api,)) for api in self.apis]
        self._threads.append(threading.Thread(target=self._publish))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()

    def until_more(self, calls: int = 60) -> None:
        """Wait until so many calls more, and one batch more, were made."""
        asked, made = self.calls + calls, len(self.batches) + 1
        eventually(lambda: self.calls >= asked and len(self.batches) >= made)

    def _ask(self, api: Api) -> None:
        while not self.over.is_set():
            self._note(api.get("batches", limit="5"))
            self.over.wait(0.02)

    def _publish(self) -> None:
        while not self.over.is_set():
            batch = self.client.publish(CLIPS, webhook_url=self.receiver.url)
            self._note(batch.answer)
            self.batches.append(batch)
            self.over.wait(1.5)

    def _note(self, answer: requests.Response) -> None:
        self.calls += 1
        if not answer.ok:
            self.failed.append(f"{answer.status_code} {answer.text[:200]}")


def test_every_secret_is_exchanged_under_load_and_nobody_notices(
    site: Site, receiver: Receiver, capsys: pytest.CaptureFixture[str]
):
    client, sandbox = site.client, site.client.sandbox
    made = [
        json.loads(site.command("keys", "create", "--user", "local", "--json"))["key"]
        for _ in range(2)
    ]
    url = client.stack.url
    first = site.command("keys", "webhook-secret", "--user", "local")
    pids = {name: client.stack.pids(name) for name in ("web", *WORKERS)}
    load = Load([Api(url, key) for key in (client.key, *made)], client, receiver)
    try:
        load.until_more()

        site.command("secrets", "rotate", "pepper")
        load.until_more()
        made_meanwhile = json.loads(site.command("keys", "create", "--user", "local", "--json"))
        assert Api(url, made_meanwhile["key"]).get("batches").ok

        site.exchange("secret", f"{NEW}\n{OURS}")
        site.command("secrets", "seal")
        site.exchange("secret", NEW)
        site.command("secrets", "rotate", "pepper")
        load.until_more()

        exchanged_at = time.time()
        second = site.command("secrets", "rotate", "webhook", "--user", "local", "--grace", "1h")
        load.until_more()

        sandbox.take_tokens(OLD_TOKEN, NEW_TOKEN)
        site.exchange("token", NEW_TOKEN)
        load.until_more()
        sandbox.take_tokens(NEW_TOKEN)
        load.until_more()
    finally:
        load.end()
    for batch in load.batches:
        batch.until_ended()
    wanted = (CLIPS + 1) * len(load.batches)
    eventually(lambda: len(receiver.firsts()) >= wanted, 90, otherwise=lambda: receiver.firsts())

    assert load.failed == []
    assert all(batch.verdict().is_clean for batch in load.batches)
    assert all(batch.states() == ["published"] * CLIPS for batch in load.batches)
    assert len(receiver.firsts()) == wanted
    assert first != second
    assert all(one.is_signed_with(first) for one in receiver.heard)  # the grace is not over
    late = [
        one for one in receiver.heard if int(one.headers["webhook-timestamp"]) > exchanged_at + 1
    ]
    assert late
    assert all(one.is_signed_with(second) for one in late)
    assert [call["status"] for call in sandbox.requests() if call["status"] == 401] == []
    assert {name: client.stack.pids(name) for name in pids} == pids  # nothing was restarted
    standing = json.loads(site.command("secrets", "list", "--json"))
    assert {one["sealedBy"] for one in standing["peppers"]} == {sealing.id_of(NEW)}
    with capsys.disabled():
        print(
            f"\n{load.calls} calls, 0 failed; {len(load.batches) * CLIPS} clips and {wanted}"
            " messages, 0 lost; no process restarted"
        )
