"""The browser that other tests drive is a real one, and CI does not do without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.browser
def test_the_browser_runs_a_page(browser: Browser):
    page = browser.new_page()

    page.set_content("<p>one</p><script>document.body.append(1 + 1)</script>")

    assert page.inner_text("body").split() == ["one", "2"]
    page.close()


def test_a_placeholder_is_not_taken_for_a_browser(tmp_path):
    placeholder = tmp_path / "chromium"
    placeholder.write_text("#!/bin/sh\necho 'please install the snap' >&2\nexit 1\n")
    placeholder.chmod(0o755)

    looked = subprocess.run(
        [sys.executable, "-m", "tests.browser.chromium"],
        cwd=CHECKOUT,
        env={"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert looked.stdout == "No Chromium found.\n"
    assert looked.returncode == 1


def test_ci_fails_where_no_browser_can_be_had(tmp_path):
    for name in ("id", "mktemp", "rm", "cat"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no network here >&2\nexit 1\n")
    python.chmod(0o755)

    ensured = subprocess.run(
        ["/bin/sh", "tests/browser/ensure.sh"],
        cwd=CHECKOUT,
        env={"PATH": str(tmp_path), "PY": str(python), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ensured.returncode == 1
    assert "no network here" in ensured.stderr
    assert "CI needs one" in ensured.stderr


def test_ci_calls_it_before_the_tests():
    planned = subprocess.run(
        ["make", "--dry-run", "test"],
        cwd=CHECKOUT,
        env={**os.environ, "CI": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "sh tests/browser/ensure.sh" in planned.stdout
