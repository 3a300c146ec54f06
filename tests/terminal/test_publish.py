"""Publishing from the terminal: a file goes in, a batch comes out, and only one."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from storyclip.stack.ports import HOST, free_port
from tests.terminal.answering import answering

pytestmark = pytest.mark.xdist_group("terminal")


def batch_ids(terminal) -> list[str]:
    return [one["batchId"] for one in terminal.api.batches()]


def test_publish_prints_the_id_and_how_to_watch_it(terminal):
    told = terminal.run("publish", terminal.file(1))

    assert told.returncode == 0
    assert told.stdout.strip() in batch_ids(terminal)
    assert f"python -m storyclip watch {told.stdout.strip()}" in told.stderr


def test_publish_and_watch_in_one_shows_all_to_the_end(terminal):
    told = terminal.process("publish", terminal.file(2), "--watch", "--json")

    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "completed"
    assert told.returncode == 0


def test_stdin_is_a_file_and_json_gives_the_whole_answer(terminal):
    body = Path(terminal.file(1)).read_text()

    told = terminal.process("publish", "-", "--json", given=f"\ufeff{body}")

    assert json.loads(told.stdout)["posts"] == {"total": 1, "queued": 1}


def test_what_the_service_refuses_is_told_field_by_field(terminal):
    told = terminal.run("publish", terminal.file(1, posts=[{"url": "ftp://x"}], extra=1))

    assert told.returncode == 2
    assert "The request is not valid" in told.stderr
    assert "\n  /posts/0/url  " in told.stderr
    assert "\n  /extra        unknown field" in told.stderr
    assert told.stdout == ""


@pytest.mark.parametrize("content", ["{'a': 1}", "", "\udcff"])
def test_a_file_that_is_no_json_is_not_sent(terminal, tmp_path, content):
    path = tmp_path / "batch.json"
    path.write_bytes(content.encode(errors="surrogateescape"))

    told = terminal.run("publish", str(path), STORYCLIP_URL=f"http://{HOST}:{free_port()}")

    assert told.returncode == 2
    assert "batch.json is not JSON in UTF-8" in told.stderr


def test_a_file_that_is_not_there_is_told(terminal):
    assert terminal.run("publish", "/no/such/file").returncode == 2


@pytest.mark.undescribed  # who stands between says less than the service
def test_a_lost_answer_is_asked_for_again_and_makes_no_second_batch(terminal):
    before = batch_ids(terminal)
    keys = []

    class LosesTheFirst(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            keys.append(self.headers["Idempotency-Key"])
            names = ("X-Api-Key", "Idempotency-Key", "Content-Type")
            headers = {name: self.headers[name] for name in names}
            url = terminal.stack.url + self.path
            answer = requests.post(url, data=body, headers=headers, timeout=20)
            assert answer.status_code == 202
            if len(keys) > 1:
                self.send_response(202)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

    with answering(LosesTheFirst) as url:
        told = terminal.run("publish", terminal.file(1), STORYCLIP_URL=url)

    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert "asking again in" in told.stderr
    assert set(batch_ids(terminal)) - set(before) == {told.stdout.strip()}


def test_who_gives_up_is_told_how_to_repeat_it_safely(terminal):
    file = terminal.file(1)
    nobody = f"http://{HOST}:{free_port()}"
    told = terminal.run("publish", file, "--give-up-after", "0", STORYCLIP_URL=nobody)
    key = told.stderr.rsplit("--idempotency-key ", 1)[1].strip()

    first = terminal.run("publish", file, "--idempotency-key", key)
    second = terminal.run("publish", file, "--idempotency-key", key)

    assert told.returncode == 3
    assert first.stdout == second.stdout != ""
