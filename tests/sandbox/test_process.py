"""The command: how it starts, what its flags do, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from storyclip.sandbox.fault_names import NAMES
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "storyclip.sandbox"]


def test_it_prints_one_json_line_with_its_addresses(tmp_path):
    with _started(tmp_path) as child:
        addresses = json.loads(_line(child))
        child.terminate()
        rest, _ = child.communicate(timeout=20)

    assert set(addresses) == {"url", "control"}
    assert addresses["url"].endswith("/api")
    assert addresses["control"].endswith("/control")
    assert rest == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_a_second_also_with_a_call_under_way(tmp_path, number):
    fault = '{"fault": "normalize_slow", "seconds": 60}'
    with _started(tmp_path, "--fault", fault) as child:
        url = json.loads(_line(child))["url"]
        with pytest.raises(requests.Timeout):
            requests.get(
                f"{url}/actions/normalize/image/url?url=https://x.example/1.mp4",
                headers={"X-Mc-Auth": "sandbox-token"},
                timeout=0.3,
            )

        told_at = time.monotonic()
        child.send_signal(number)
        child.wait(10)

    assert time.monotonic() - told_at < 1
    assert child.returncode == 0


def test_it_ends_with_its_parent(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, *COMMAND, "--ledger", str(tmp_path / "ledger")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with parent:
        pid = int(_line(parent))
        parent.kill()

    eventually(lambda: not _alive(pid))


def test_faults_of_the_command_line_are_switched_on(start, client_of):
    fault = {"fault": "refuse", "words": "Not today"}

    metricool = client_of(start(fault=[fault, {"fault": "plan_off", "account": "2000002"}]))

    assert metricool.post().json()["detail"] == "Not today"
    assert metricool.post(blogId="2000002").status_code == 403


def test_token_and_user_are_the_ones_told(start, client_of):
    metricool = client_of(start(token="secret", user_id=7))
    metricool.log_in("secret")

    assert metricool.created(userId=7)["creatorUserId"] == 7
    assert metricool.post(userId=1).status_code == 403


def test_a_clients_uuid_is_kept_when_told_so(start, client_of):
    metricool = client_of(start(client_uuid="honour"))

    assert metricool.created(metricool.story(uuid="7000000000000000007"))["uuid"].endswith("007")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--fault", '{"fault": "explode"}'], "unknown fault 'explode'"),
        (["--fault", "explode"], "Expecting value"),
        (["--fault", "[]"], "is no JSON object"),
        (["--clock", "noon"], "noon"),
        (["--date-step", "0"], "date-step"),
    ],
)
def test_a_wrong_flag_is_refused_with_its_value(tmp_path, flags, words):
    with _started(tmp_path, *flags, stderr=subprocess.PIPE) as child:
        _, complaint = child.communicate(timeout=20)

    assert child.returncode == 2
    assert words in complaint


def test_help_explains_every_flag_and_every_fault():
    shown = subprocess.run(
        [*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert [name for name in NAMES if name not in shown] == []
    for flag in ("port", "ledger", "host", "date-step", "publish-delay", "token", "user-id"):
        assert f"--{flag} " in shown
    for flag in ("brands", "at-once", "clock", "stories-text", "fault", "exit-with-parent"):
        assert f"--{flag}" in shown


def _started(tmp_path: Path, *flags: str, **how) -> subprocess.Popen:
    command = [*COMMAND, "--ledger", str(tmp_path / "ledger.jsonl"), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, **how)


def _line(child: subprocess.Popen) -> str:
    assert child.stdout is not None
    line: str = child.stdout.readline()
    return line


_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([*sys.argv[1:], "--exit-with-parent"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def _alive(pid: int) -> bool:
    """Whether it runs; an orphan that nobody reaped yet is a zombie, which does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
