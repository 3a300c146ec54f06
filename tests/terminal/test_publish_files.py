"""Files from the terminal: named or of a folder, sent once, prepared, and published in order."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from tests.media.films import film, fitting
from tests.terminal.answering import answering
from tests.terminal.conftest import Terminal, new_account
from tests.tus import TUS

pytestmark = pytest.mark.xdist_group("terminal")

FILES = "/api/metricool/files"


def bytes_of(name: str, folder: Path, more: bytes = b"") -> Path:
    """A film of its own: what is behind its boxes is not looked at."""
    path = folder / name
    path.write_bytes(fitting().read_bytes() + more)
    return path


def box(words: bytes) -> bytes:
    return (8 + len(words)).to_bytes(4, "big") + b"free" + words


def live(terminal: Terminal, account: str) -> list[str]:
    assert terminal.stack.sandbox is not None
    return [
        line["source"]
        for line in terminal.stack.sandbox.ledger()
        if (line["event"], line["account"]) == ("published", account)
    ]


def test_files_and_addresses_go_out_in_the_order_they_were_named(terminal, tmp_path):
    account = new_account()
    a, b = bytes_of("a.mp4", tmp_path), bytes_of("b [x].mp4", tmp_path, box(b"another"))
    url = f"https://cdn.example.com/{account}/m.mp4"

    told = terminal.run("publish", str(b), url, str(a), "--account", account, "--watch")

    assert told.returncode == 0, told.stderr
    hashes = [f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in (b, a)]
    assert live(terminal, account) == [hashes[0], url, hashes[1]]
    assert "b [x].mp4: is being sent\n" in told.stderr
    assert "a.mp4: is ready\n" in told.stderr
    assert "3 of 3 published" in told.stderr


def test_the_same_command_again_sends_nothing_and_makes_no_second_batch(terminal, tmp_path):
    file, account = bytes_of("once.mp4", tmp_path, box(b"once")), new_account()

    first = terminal.run("publish", str(file), "--account", account)
    second = terminal.run("publish", str(file), "--account", account)
    meant = terminal.run("publish", str(file), "--account", account, "--idempotency-key", "again")

    assert first.returncode == second.returncode == meant.returncode == 0
    assert first.stdout == second.stdout != meant.stdout


def test_a_line_that_breaks_costs_only_what_did_not_arrive(terminal, tmp_path):
    file, account = bytes_of("long.mp4", tmp_path, box(b"x" * 900_000)), new_account()
    offsets = []

    class CutsTheFirst(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._pass_on(int(self.headers.get("Content-Length") or 0))

        def do_PATCH(self) -> None:
            offsets.append(int(self.headers["Upload-Offset"]))
            length = int(self.headers["Content-Length"])
            self._pass_on(300_000 if len(offsets) == 1 else length, is_cut=len(offsets) == 1)

        def do_GET(self) -> None:
            self._pass_on(0)

        def do_HEAD(self) -> None:
            self._pass_on(0)

        def _pass_on(self, length: int, is_cut: bool = False) -> None:
            given = {name: word for name, word in self.headers.items() if name != "Content-Length"}
            url, body = terminal.stack.url + self.path, self.rfile.read(length)
            answer = requests.request(self.command, url, data=body, headers=given, timeout=30)
            if is_cut:
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            told = {"Location", "Upload-Offset", "Content-Type"} & set(answer.headers)
            for name in told:
                self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

    with answering(CutsTheFirst) as url:
        told = terminal.run("publish", str(file), "--account", account, STORYCLIP_URL=url)

    assert told.returncode == 0, told.stderr
    assert offsets == [0, 300_000]
    assert "trying again in" in told.stderr


def test_what_was_begun_by_a_command_that_was_interrupted_is_gone_on_with(terminal, tmp_path):
    file, account = bytes_of("begun.mp4", tmp_path, box(b"y" * 900_000)), new_account()
    data = file.read_bytes()
    wishes = {"sha256": hashlib.sha256(data).hexdigest(), "fit": "blurred", "prepare": "true"}
    words = ",".join(f"{key} {b64encode(word.encode()).decode()}" for key, word in wishes.items())
    key = {"X-Api-Key": terminal.stack.api_key, **TUS}
    said = key | {"Upload-Length": str(len(data)), "Upload-Metadata": words}
    where = requests.post(terminal.stack.url + FILES, headers=said).headers["Location"]
    bytes_ = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    requests.patch(terminal.stack.url + where, data[:500_000], headers=key | bytes_)

    told = terminal.run("publish", str(file), "--account", account)

    assert told.returncode == 0, told.stderr
    (clip,) = terminal.api.status(told.stdout.strip())["clips"]
    assert clip["url"].startswith(f"file:{where.rpartition('/')[2]}#")


def test_a_folder_is_published_as_people_count_and_what_is_skipped_is_said(terminal, tmp_path):
    account = new_account()
    for name in ("clip 10.mp4", "clip 2.mp4"):
        bytes_of(name, tmp_path, box(name.encode()))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "inner").mkdir()
    (tmp_path / ".hidden.mp4").write_bytes(b"x")

    told = terminal.run("publish", "--folder", str(tmp_path), "--account", account)

    assert told.returncode == 0, told.stderr
    clips = terminal.api.status(told.stdout.strip())["clips"]
    assert [clip["title"] for clip in clips] == ["clip 2.mp4", "clip 10.mp4"]
    assert "skipped notes.txt: neither a video nor a picture by its name" in told.stderr
    assert "skipped inner: a folder" in told.stderr
    assert "skipped .hidden.mp4: a hidden file" in told.stderr


def test_a_file_that_is_refused_is_said_in_words_and_nothing_is_published(terminal, tmp_path):
    before = {one["batchId"] for one in terminal.api.batches()}
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"")

    told = terminal.run("publish", str(broken), "--account", new_account())

    assert told.returncode == 2
    assert "broken.mp4: The file is empty. No story can be made of this file. See" in told.stderr
    assert told.stderr.endswith("Nothing was published.\n")
    assert {one["batchId"] for one in terminal.api.batches()} == before


def test_a_dry_run_says_what_would_be_done_and_asks_nobody(terminal, tmp_path):
    long = film(seconds=61, size="192x108", rate="24")
    words = ["publish", str(fitting()), str(long), "https://x.example/a.mp4", "--dry-run"]

    told = terminal.run(*words, STORYCLIP_URL="http://127.0.0.1:9")
    lines = terminal.run(*words, "--json", STORYCLIP_URL="http://127.0.0.1:9").stdout.splitlines()

    assert told.returncode == 0, told.stderr
    assert "1. " in told.stdout
    assert "goes out as it is, bit for bit" in told.stdout
    assert "is cut and prepared into 2 stories: 0:00.0 to 0:30.5, 0:30.5 to 1:01.0" in told.stdout
    assert "It is 192 × 108; about 9:16 is needed." in told.stdout
    assert "4 stories would go out" in told.stderr
    assert [json.loads(line)["action"] for line in lines] == ["keep", "cut", "address"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.mp4"], "No such file"),
        ([], "files and addresses, or --folder"),
        (["--folder", "/no/such"], "No such file"),
        (["ftp://x.example/a.mp4", "b"], "No such file"),
    ],
)
def test_what_makes_no_sense_is_said(terminal, words, said):
    told = terminal.run("publish", *words, "--account", "2000001")

    assert told.returncode == 2
    assert said in told.stderr


def test_an_account_has_to_be_named(terminal):
    told = terminal.run("publish", str(fitting()))

    assert told.returncode == 2
    assert "--account" in told.stderr
