"""`make demo`'s command, as a process of its own: what it says, and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from config.settings import names
from storyclip.stack.child import CHECKOUT
from tests.eventually import eventually
from tests.stack.conftest import lives

VERDICT = "5 of 5 published, in order, 0 duplicates"


@contextmanager
def demo(directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """The demo with its data below `directory`, and the files that get its stdout and stderr."""
    data, out, err = directory / "tmp", directory / "out", directory / "err"
    data.mkdir()
    given = {name: value for name, value in os.environ.items() if name not in names()}
    with (
        out.open("wb") as stdout,
        err.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "storyclip", "demo"],
            cwd=CHECKOUT,
            env={**given, "TMPDIR": str(data)},
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process, out, err
        finally:
            process.kill()


def test_the_demo_publishes_five_clips_through_a_killed_worker(tmp_path):
    began_at = time.monotonic()
    with demo(tmp_path) as (process, out, err):
        code = process.wait(100)
    took_s = time.monotonic() - began_at

    assert code == 0, err.read_text()
    assert out.read_text().splitlines().count(VERDICT) == 1
    assert out.read_text().count("│ published │") == 5
    assert "worker killed (kill -9)" in err.read_text()
    assert "a new one is back after" in err.read_text()
    assert took_s < 60
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_the_demo_leaves_nothing_running_when_it_is_ended(tmp_path, number, code):
    with demo(tmp_path) as (process, out, err):
        eventually(lambda: "clip 1 of 5" in err.read_text() or process.poll(), 60)
        everything = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(number)
        assert process.wait(30) == code

    assert len(everything) >= 7
    eventually(lambda: not any(lives(pid) for pid in everything))
    assert VERDICT not in out.read_text()
    assert "Traceback" not in err.read_text()
