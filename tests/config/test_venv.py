"""Installing: who waits at a terminal sees how far it is, and who failed sees why."""

from __future__ import annotations

import io
import os
import pty
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "config/venv.sh"
PIP = """#!/bin/sh
[ "$3" = install ] || exit 0
echo "$@" > .venv/asked
echo "Collecting one==1 (from -r requirements.txt (line 1))"
echo "  Downloading one-1-py3-none-any.whl (1 kB)"
echo "WARNING: nothing to see"
echo "Ignoring two: markers do not match"
echo "Collecting three==3"
echo "Installing collected packages: one, three"
exit ${PIP_EXIT:-0}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout, with a space in its name, whose pip is quick."""
    folder = tmp_path / "my storyclip"
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(PIP)
    python.chmod(0o755)
    (folder / "requirements.txt").write_text("one==1\ntwo==2; python_version < '3'\nthree==3\n")
    return folder


def install(folder: Path, out: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", SCRIPT, "requirements.txt"],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", **environment},
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def on_a_terminal(folder: Path, **environment: str) -> tuple[int, str, str]:
    """(exit code, what is shown, standard error)."""
    ours, theirs = pty.openpty()
    try:
        done = install(folder, theirs, **environment)
    finally:
        os.close(theirs)
    with open(ours, "rb", buffering=0) as screen:
        return done.returncode, _all_of(screen).decode(), done.stderr


def _all_of(screen: io.FileIO) -> bytes:
    """What was written until the other end was closed; one read may give less."""
    said = b""
    try:
        while piece := screen.read(65536):
            said += piece
    except OSError:  # EIO: Linux has no end of file for a terminal that was hung up
        return said
    return said


def test_at_a_terminal_one_line_grows_to_its_end(folder):
    code, shown, complaint = on_a_terminal(folder)

    steps = shown.split("\r\x1b[K")
    assert (code, complaint) == (0, "")
    assert steps[1] == f"[{'#' * 10:<30}] 1 of 3  Collecting one==1 (from -r requireme"
    counted = [step.split("] ")[1][:6] for step in steps[1:-1]]
    assert counted == ["1 of 3", "1 of 3", "2 of 3", "3 of 3", "3 of 3"]
    assert steps[-1] == ""
    assert "WARNING" in (folder / ".venv/install.log").read_text()


def test_a_failure_is_shown_with_all_that_pip_said(folder):
    code, _, complaint = on_a_terminal(folder, PIP_EXIT="1")

    assert code == 1
    assert "nothing to see" in complaint


def test_after_a_failure_the_next_try_counts(folder):
    on_a_terminal(folder, PIP_EXIT="1")

    assert on_a_terminal(folder)[0] == 0


@pytest.mark.parametrize("code", [0, 1])
def test_where_nobody_looks_it_says_one_line(folder, code):
    done = install(folder, subprocess.PIPE, PIP_EXIT=str(code))

    assert done.stdout == "Installing requirements.txt into .venv (once) ...\n"
    assert (done.returncode, "nothing to see" in done.stderr) == (code, code == 1)


@pytest.mark.parametrize(
    ("file", "by_hashes"), [("requirements.lock", True), ("requirements.txt", False)]
)
def test_locks_are_installed_by_their_hashes(folder, file, by_hashes):
    (folder / file).write_text("one==1\n")

    subprocess.run(["sh", SCRIPT, file], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    asked = (folder / ".venv/asked").read_text().split()
    assert ("--require-hashes" in asked) is by_hashes
    assert asked[-2:] == ["-r", file]
