"""Watching in the terminal: to the end, through restarts, and with a verdict."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from http.server import BaseHTTPRequestHandler

import pytest

from storyclip.stack.ports import HOST, free_port
from storyclip.terminal.boards import Board
from storyclip.terminal.screen import verdict
from tests.eventually import eventually
from tests.terminal.answering import answering
from tests.terminal.conftest import new_account

pytestmark = pytest.mark.xdist_group("terminal")


def seqs(lines: str) -> list[int]:
    return [json.loads(line)["seq"] for line in lines.splitlines()]


def last_seq(terminal, batch_id: str) -> int:
    return int(terminal.api.status(batch_id)["lastSeq"])


def test_a_script_gets_every_event_once_though_the_web_goes_away_in_between(terminal):
    batch_id = terminal.published(8)
    with terminal.running("watch", batch_id, "--json") as watching:
        seen = [watching.stdout.readline() for _ in range(6)]
        terminal.stack.stop_program("web", 0)
        said = watching.stderr.readline()
        terminal.stack.start_program("web")
        # Not `communicate`: it passes by what `readline` has read ahead.
        rest, noted = watching.stdout.read(), watching.stderr.read()
        watching.wait(timeout=60)

    assert seqs("".join(seen) + rest) == list(range(1, last_seq(terminal, batch_id) + 1))
    assert json.loads(rest.splitlines()[-1])["type"] == "completed"
    assert "reconnecting in" in said
    assert "connected again" in noted
    assert watching.returncode == 0


def test_who_comes_when_all_is_over_sees_the_whole_history(terminal):
    batch_id = terminal.published(2)
    first = terminal.run("watch", batch_id)

    again = terminal.run("watch", batch_id, "--json")

    assert seqs(again.stdout) == list(range(1, last_seq(terminal, batch_id) + 1))
    assert again.returncode == 0
    assert first.returncode == 0
    assert first.stdout == ""
    assert "clip 2 of 2  Clip 2: published (batch completed)" in first.stderr
    assert first.stderr.endswith("2 of 2 published; the batch is completed.\n")


def test_one_clip_that_failed_makes_the_verdict_and_is_named_with_what_to_do(terminal):
    account, words = new_account(), "No such \x1b[31mvideo"
    terminal.stack.sandbox.fault(fault="refuse", words=words, times=1, account=account)
    batch_id = terminal.published(2, account)

    told = terminal.run("watch", batch_id)

    assert told.returncode == 1
    assert "1 of 2 published; the batch is completed.\nclip 1  Clip 1: failed: " in told.stderr
    assert "No such [31mvideo" in told.stderr
    assert "retry-failed" in told.stderr


@pytest.mark.parametrize(
    ("counted", "clip", "said"),
    [
        ("cancelled", {"status": "cancelled"}, "cancelled"),
        (
            "failed",
            {
                "status": "failed",
                "error": "Nobody saw it live.",
                "errorCode": "unconfirmed",
                "retrySafety": "check_first",
            },
            "unconfirmed: Nobody saw it live.",
        ),
    ],
    ids=["cancelled", "not seen live"],
)
def test_what_was_not_seen_live_is_not_all_published(terminal, counted, clip, said):
    batch_id = terminal.published(1)
    assert terminal.run("watch", batch_id).returncode == 0
    state = terminal.api.status(batch_id)
    board = Board(batch_id)
    board.take_state(state)
    was_all_published = board.is_all_published

    state["posts"] |= {"published": 0, counted: 1}
    state["clips"][0] |= clip
    state["status"] = counted
    board.take_state(state)

    assert (was_all_published, board.is_all_published) == (True, False)
    assert f"clip 1  Clip 1: {said}" in "\n".join(verdict(board))
    assert ("it may be out" in "\n".join(verdict(board))) is (counted == "failed")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-batch"], "Not found"),
        ([""], "BATCH is empty"),
        (["x", "--key", "wrong"], "A valid API key is needed"),
        (["x", "--key", "not\na key"], "The API key is none"),
        (["x", "--url", "ftp://somewhere"], "expected the service's address like https://"),
    ],
)
def test_what_cannot_be_watched_is_told_and_exits_2(terminal, arguments, said):
    told = terminal.run("watch", *arguments)

    assert said in told.stderr
    assert told.stdout == ""
    assert told.returncode == 2


def test_without_a_key_it_says_where_to_put_one(terminal):
    told = terminal.run("watch", "x", STORYCLIP_API_KEY="")

    assert told.returncode == 2
    assert "No API key: set STORYCLIP_API_KEY" in told.stderr


def test_where_nobody_listens_it_tries_for_as_long_as_it_was_told_and_exits_3(terminal):
    began_at = time.monotonic()
    told = terminal.run(
        "watch", "x", "--give-up-after", "2", STORYCLIP_URL=f"http://{HOST}:{free_port()}"
    )

    assert told.returncode == 3
    assert told.stderr.count("reconnecting in") >= 2
    assert "given up after 2 s" in told.stderr
    assert time.monotonic() - began_at > 2


@pytest.mark.undescribed
def test_a_service_that_only_says_to_come_later_is_no_connection(terminal):
    class Full(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with answering(Full) as url:
        told = terminal.run("watch", "x", "--give-up-after", "1", STORYCLIP_URL=url)

    assert told.returncode == 3
    assert "answers 503" in told.stderr


@pytest.mark.undescribed
def test_a_redirect_does_not_get_the_key(terminal):
    keys = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            keys.append(self.headers["X-Api-Key"])
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with answering(Elsewhere) as url:
        told = terminal.run("watch", "x", STORYCLIP_URL=url)

    assert told.returncode == 2
    assert "sends elsewhere, to /elsewhere" in told.stderr
    assert len(keys) == 1


@pytest.mark.undescribed
def test_what_is_no_storyclip_is_called_so(terminal):
    class Portal(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"Hi")

    with answering(Portal) as url:
        told = terminal.run("watch", "x", STORYCLIP_URL=url)

    assert told.returncode == 2
    assert "is no StoryClip" in told.stderr


def test_ctrl_c_leaves_at_once_and_says_that_the_batch_goes_on(terminal):
    batch_id = terminal.planned(5)
    with terminal.running("watch", batch_id, "--json") as watching:
        watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        began_at = time.monotonic()
        _, said = watching.communicate(timeout=20)

    assert watching.returncode == 130
    assert said == "Not watching any more. The batch goes on in the background.\n"
    assert time.monotonic() - began_at < 3
    assert terminal.api.status(batch_id)["status"] == "processing"
    assert terminal.api.wish("cancel", batch_id).ok


def last_of(terminal: int) -> bytes:
    """Read on; a terminal that nobody holds any more says so by an error, once it is empty."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_on_a_terminal_there_is_a_bar_and_ctrl_c_gives_the_cursor_back(terminal):
    batch_id = terminal.planned(5)
    ours, theirs = pty.openpty()
    shown = b""
    with terminal.running(
        "watch", batch_id, stdin=theirs, stdout=theirs, stderr=theirs
    ) as watching:
        os.close(theirs)
        while b"Clip 5" not in shown:
            shown += os.read(ours, 65536)
        watching.send_signal(signal.SIGINT)
        code = watching.wait(20)
        shown += b"".join(iter(lambda: last_of(ours), b""))
    os.close(ours)
    assert terminal.api.wish("cancel", batch_id).ok

    assert code == 130
    assert "━" in shown.decode()
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h") > 0
    assert b"goes on in the background" in shown


def test_without_a_batch_all_that_run_are_watched(terminal):
    def streams() -> int:
        said = terminal.api.get("/metrics").text
        return int(re.findall(r"^storyclip_streams (\d+)", said, re.MULTILINE)[0])

    eventually(lambda: streams() == 0)  # one of another test may be noticed late to be gone
    with terminal.running("watch", "--json", stderr=subprocess.DEVNULL) as watching:
        eventually(lambda: streams() == 1)
        batch_ids = {terminal.published(2), terminal.published(2)}
        ended: set[str] = set()
        seen: dict[str, list[int]] = {}
        while not batch_ids <= ended:
            event = json.loads(watching.stdout.readline())
            seen.setdefault(event["batchId"], []).append(event["seq"])
            if event["type"] == "completed":
                ended.add(event["batchId"])

    for batch_id in batch_ids:
        assert seen[batch_id] == list(range(1, last_seq(terminal, batch_id) + 1))
