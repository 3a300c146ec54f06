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
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from tusclient.client import TusClient

from tests.eventually import eventually
from tests.media.films import film, fitting
from tests.test_readme import blocks
from tests.tus import TUS, Tus
from tests.whole.conftest import Client, Posted, client_of

pytestmark = [pytest.mark.xdist_group("files"), pytest.mark.timeout(120)]


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


@pytest.mark.parametrize("every_s", [0.05, 30.0], ids=["it keeps coming", "it stands still"])
def test_a_file_ends_within_a_second_when_its_user_is_disabled(client, every_s):
    url, size = urlsplit(client.stack.url), 3_000_000
    key = {"X-Api-Key": client.stack.api_key, **TUS}
    begun = requests.post(
        f"{client.stack.url}/api/metricool/files", headers=key | {"Upload-Length": str(size)}
    )
    head = f"PATCH {begun.headers['Location']} HTTP/1.1\r\nHost: {url.netloc}\r\n"
    said = key | {"Upload-Offset": "0", "Content-Length": str(size)}
    said["Content-Type"] = "application/offset+octet-stream"
    head += "".join(f"{name}: {value}\r\n" for name, value in said.items()) + "\r\n"

    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(head.encode() + b"x" * 200_000)
        line.settimeout(every_s)
        try:
            client.sql("UPDATE users SET disabled_at = ?", "2026-11-27T12:00:00.000000+00:00")
            disabled_at, words = time.monotonic(), b""
            while not words and time.monotonic() - disabled_at < 10:
                try:
                    words = line.recv(4096)
                except TimeoutError:
                    line.sendall(b"x" * 500)
            took_s = time.monotonic() - disabled_at
        finally:
            client.sql("UPDATE users SET disabled_at = NULL")

    assert words.startswith(b"HTTP/1.1 401 "), words
    assert took_s < 1.0
