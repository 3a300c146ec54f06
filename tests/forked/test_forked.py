"""A process that was forked is, to whoever started it, what an interpreter would have been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from storyclip.sandbox.process import SandboxProcess
from storyclip.stack.child import CHECKOUT
from tests.forked.asking import Forked, not_forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are given to us by Linux")


def ran(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "storyclip", *arguments],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "STORYCLIP_LEAD_S": "soon"},
        input="",
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [("--version",), ("keys", "list"), ("nonsense",)])
def test_a_command_says_and_ends_as_in_an_interpreter_of_its_own(arguments):
    forked = ran(*arguments)

    with not_forked():
        assert ran(*arguments) == forked


def test_it_is_our_child_and_is_seen_to_be_killed(tmp_path: Path):
    with SandboxProcess(tmp_path / "ledger.jsonl") as sandbox:
        child = sandbox._child
        assert isinstance(child, Forked)
        its = psutil.Process(child.pid)
        parent, group, files = its.ppid(), os.getpgid(child.pid), its.num_fds()

        child.send_signal(signal.SIGKILL)
        code = child.wait()

    assert (parent, group, code) == (os.getpid(), os.getpgrp(), -signal.SIGKILL)
    assert files < 20  # none of the test's own


def test_who_outlives_its_parent_is_not_given_to_us(tmp_path: Path):
    with SandboxProcess(tmp_path / "ledger.jsonl"):
        left = subprocess.run(
            ["/bin/sh", "-c", "sleep 60 >/dev/null & echo $!"], stdout=subprocess.PIPE, text=True
        )

    orphan = psutil.Process(int(left.stdout))
    parent = orphan.ppid()
    orphan.kill()

    assert parent != os.getpid()
