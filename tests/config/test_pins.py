"""What is installed is what is pinned: locks have a hash for each, and say what the others say."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([\w.\[\]-]+)==(\S+)((?: ?;[^\\#]*)?)(?: \\)?$", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return {found[1].lower(): found[2] for found in PIN.finditer((ROOT / name).read_text())}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_pins_what_the_plain_file_pins(name):
    assert pins(f"{name}.lock") == pins(f"{name}.txt") != {}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-audit"])
def test_everything_in_a_lock_has_a_hash(name):
    text = (ROOT / f"{name}.lock").read_text()
    entries = re.split(r"^(?=[\w.\[\]-]+==)", text, flags=re.MULTILINE)[1:]

    assert entries
    assert [one.split("==")[0] for one in entries if "--hash=sha256:" not in one] == []


def test_what_both_locks_have_is_the_same_version():
    ours, theirs = pins("requirements.lock"), pins("requirements-dev.lock")

    assert {name: theirs[name] for name in ours.keys() & theirs} == {
        name: ours[name] for name in ours.keys() & theirs
    }


def test_make_installs_by_the_locks_alone():
    recipes = [line for line in (ROOT / "Makefile").read_text().splitlines() if "venv.sh" in line]

    assert recipes
    assert all(".lock" in line and ".txt" not in line for line in recipes)


AUDITS = """#!/bin/sh
echo "$SAYS"
exit "$ENDS"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A checkout whose tools are installed, and say what a test wants."""
    lock = ROOT / "requirements-audit.lock"
    (tmp_path / lock.name).write_text(lock.read_text())
    tools = tmp_path / ".venv" / "tools"
    (tools / "bin").mkdir(parents=True)
    summed = subprocess.run(["cksum"], input=lock.read_text(), capture_output=True, text=True)
    (tools / f".of-{summed.stdout.split()[0]}").touch()
    for name, source in {"pip-audit": AUDITS, "python": "#!/bin/sh\nexit $REACHED\n"}.items():
        (tools / "bin" / name).write_text(source)
        (tools / "bin" / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("reached", "says", "ends", "ci", "code", "told"),
    [
        ("0", "No known vulnerabilities found", "0", "", 0, ""),
        ("0", "Found 1 known vulnerability", "1", "", 1, ""),
        ("0", "x could not be audited", "0", "", 0, "SKIPPED: 1 packages could not be audited"),
        ("0", "x could not be audited", "0", "1", 1, "SKIPPED: 1 packages could not be audited"),
        ("1", "", "0", "", 0, "nobody knows whether there are holes"),
        ("1", "", "0", "1", 1, "nobody knows whether there are holes"),
    ],
)
def test_an_audit_that_could_not_look_says_so(tools, reached, says, ends, ci, code, told):
    environment = {**os.environ, "REACHED": reached, "SAYS": says, "ENDS": ends, "CI": ci}

    ran = subprocess.run(
        ["sh", ROOT / "config" / "audit.sh", "audit"],
        cwd=tools,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert ran.returncode == code, ran.stderr
    assert told in ran.stderr
    assert (says in ran.stdout) is ("could not" not in says)
