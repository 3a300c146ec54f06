"""From a file on a phone to a story, through the whole stack: the right bytes, once, in order."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tusclient.client import TusClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.api import Api, sources
from tests.eventually import eventually, quickest
from tests.media.films import film, fitting
from tests.test_readme import blocks
from tests.tus import TUS, Tus
from tests.whole.conftest import Client, Posted, client_of

pytestmark = [pytest.mark.xdist_group("files"), pytest.mark.timeout(120)]

USERS = count(1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_of(tmp_path_factory.mktemp("stack")) as client:
        yield client


@pytest.fixture
def tus(client: Client) -> Tus:
    return Tus(lambda: client.stack.url, client.stack.api_key, chunk_bytes=200_000)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ready(tus: Tus, file_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    def is_over() -> bool:
        shown.update(tus.show(file_id))
        return shown["state"] in ("ready", "refused")

    eventually(is_over, 60, otherwise=lambda: shown)
    return shown


def publish(client: Client, posts: list[dict[str, str]], account: str = "") -> Posted:
    account = account or client.new_account()
    answer = client.create(posts, account, network="facebook")
    return Posted(client, account, [], answer)


def hashes(batch: Posted) -> list[str]:
    """The SHA-256 of what went live, in the order it did."""
    return [line["source"].removeprefix("sha256:") for line in batch.lines("published")]


def test_what_fits_goes_out_bit_for_bit_and_the_rest_as_it_was_mended(client, tus):
    upright, wide = fitting(), film(seconds=3.2, size="640x480")
    ids = [tus.bring(upright), tus.bring(wide)]

    shown = [ready(tus, file_id) for file_id in ids]
    batch = publish(client, [{"file": file_id, "id": file_id} for file_id in ids])
    batch.until_ended()

    assert [one["state"] for one in shown] == ["ready", "ready"]
    assert [len(one["pieces"]) for one in shown] == [1, 1]
    assert "not_upright" in {problem["code"] for problem in shown[1]["problems"]}
    assert batch.states() == ["published", "published"]
    ((mended,),) = client.sql("SELECT sha256 FROM file_pieces WHERE file_id = ?", ids[1])
    assert hashes(batch) == [sha256(upright), mended]
    assert mended != sha256(wide)


def test_two_clips_of_one_file_are_two_uploads(client, tus):
    file_id = tus.bring(fitting())
    ready(tus, file_id)

    batch = publish(client, [{"file": file_id, "id": "a"}, {"file": file_id, "id": "b"}])
    batch.until_ended()

    assert hashes(batch) == [sha256(fitting())] * 2
    urls = {line["media"] for line in batch.lines("published")}
    assert len(urls) == 2


def test_a_client_goes_on_after_a_kill_of_the_web_and_of_who_mends(client, tus, tmp_path):
    film_on_disk = tmp_path / "a.mp4"
    film_on_disk.write_bytes(film(seconds=4, size="480x640").read_bytes())

    for name in ("web", "media"):
        client.stack.kill(name, signal.SIGKILL)
    file_id = Tus(lambda: client.stack.url, client.stack.api_key, 50_000).bring(film_on_disk)
    client.stack.kill("media", signal.SIGKILL)

    assert ready(tus, file_id)["state"] == "ready"


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_readme_s_commands_bring_a_file(client, tus, tmp_path, name):
    [commands] = [one for one in blocks(name) if one.startswith("FILES=")]
    (tmp_path / "a.mp4").write_bytes(fitting().read_bytes())
    at = urlsplit(client.stack.url).netloc

    done = subprocess.run(
        ["sh", "-ec", commands.replace("127.0.0.1:8000", at)],
        cwd=tmp_path,
        env={"STORYCLIP_API_KEY": client.stack.api_key, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["name"], shown["sha256"]) == ("a.mp4", sha256(tmp_path / "a.mp4"))
    assert ready(tus, shown["id"])["state"] == "ready"


def test_a_stock_client_of_tus_goes_on_by_itself_after_a_kill_of_the_web(client, tus, tmp_path):
    source = tmp_path / "a.mp4"
    source.write_bytes(fitting().read_bytes() + (1_000_000).to_bytes(4, "big") + b"free")
    with source.open("ab") as file:
        file.truncate(source.stat().st_size + 999_992)
    key = {"X-Api-Key": client.stack.api_key}
    stock = TusClient(f"{client.stack.url}/api/metricool/files", headers=key)

    with source.open("rb") as stream:
        uploader = stock.uploader(
            file_stream=stream, chunk_size=50_000, metadata={"filename": "a.mp4"}, retries=60
        )
        uploader.retry_delay = 1
        uploader.upload(stop_at=source.stat().st_size // 2)
        client.stack.kill("web", signal.SIGKILL)
        uploader.upload()

    shown = ready(tus, str(uploader.url).rpartition("/")[2])
    assert (shown["state"], shown["sha256"]) == ("ready", sha256(source))


def somebody(client: Client, name: str) -> Api:
    """A publisher of all accounts, with a key."""
    user = {"userId": name, "role": "publisher", "allAccounts": True}
    assert client.ask("POST", "admin/users", json=user).status_code == 201
    wanted = {"userId": name, "scopes": ["publish", "read"]}
    return Api(client.url, client.ask("POST", "admin/keys", json=wanted).json()["secret"])


def begun_by(them: Api, every_s: float) -> Iterator[bytes]:
    """Begin to bring a file, piece by piece; yield b"" first, then what is said at the end of it.

    Returns when the line is closed.
    """
    size, url = 3_000_000, urlsplit(them.url)
    told = {"Upload-Length": str(size), **TUS}
    where = them.ask("POST", "files", headers=told).headers["Location"]
    said = {**them.headers, **TUS, "Upload-Offset": "0", "Content-Length": str(size)}
    said |= {"Host": url.netloc, "Content-Type": "application/offset+octet-stream"}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(f"PATCH {where} HTTP/1.1\r\n{head}\r\n".encode() + b"x" * 200_000)
        yield b""
        line.settimeout(every_s)
        words = b""
        while True:
            try:
                more = line.recv(4096)
            except TimeoutError:
                line.sendall(b"x" * 500)
                continue
            if not more:
                break
            words += more
        yield words


def closed_at(line: ClientConnection) -> float:
    """Hear a stream to its end, and return when that was."""
    with suppress(ConnectionClosed):
        for _ in line:
            pass
    return time.monotonic()


@pytest.mark.parametrize(
    ("every_s", "method", "path"),
    [
        (0.05, "DELETE", "admin/keys?key={key_id}"),
        (30.0, "PATCH", "admin/users?user={user}"),
    ],
    ids=["a key's, which keeps coming", "a user's, which stands still"],
)
def test_a_file_and_a_stream_end_within_a_second_when_their_right_is_taken_away(
    client, every_s, method, path
):
    """Counted from the answer to who took it until the lines are closed."""

    def took_s() -> float:
        user = f"loses-{next(USERS)}"
        them = somebody(client, user)
        batch_id = them.accepted(sources(user, 40), client.new_account())
        url = f"{client.url.replace('http', 'ws', 1)}/api/metricool/ws?batchId={batch_id}"
        bringing = begun_by(them, every_s)
        next(bringing)
        with connect(url, additional_headers=them.headers) as line, ThreadPoolExecutor(2) as others:
            line.recv(timeout=10)
            file_ends = others.submit(lambda: (next(bringing), time.monotonic()))
            stream_ends = others.submit(closed_at, line)
            asked = path.format(key_id=them.key.split("_")[1], user=user)
            told = client.ask(method, asked, json={"disabled": True})
            answered_at = time.monotonic()
            words, file_ended_at = file_ends.result(20)
            stream_ended_at = stream_ends.result(20)
        client.wish("cancel", batch_id)
        assert told.status_code == 200, told.text
        assert words.startswith(b"HTTP/1.1 401 "), words
        assert b"nothing more is taken" in words
        # A batch whose clips may not go out any more ends, too: whichever is noticed first
        assert (line.close_code, line.close_reason) in {(4401, "revoked"), (1000, "done")}
        return max(file_ended_at, stream_ended_at) - answered_at

    assert quickest(took_s, 1.0) < 1.0


def test_a_clip_that_waits_ends_within_a_second_when_its_user_is_disabled(client):
    """Counted from the answer to who disabled them until the row says so, and why."""

    def took_s() -> float:
        user = f"waits-{next(USERS)}"
        batch_id = somebody(client, user).accepted(sources(user, 40), client.new_account())
        told = client.ask("PATCH", f"admin/users?user={user}", json={"disabled": True})
        answered_at = time.monotonic()
        eventually(lambda: client.status(batch_id)["clips"][-1]["status"] == "failed")
        took_s = time.monotonic() - answered_at
        last = client.status(batch_id)["clips"][-1]
        assert told.status_code == 200, told.text
        assert last["errorCode"] == "account_not_allowed"
        assert "may not publish on account" in last["error"]
        return took_s

    assert quickest(took_s, 1.0) < 1.0
