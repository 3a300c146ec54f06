"""A real Chromium: found on the machine, or where Playwright puts its own. `-m` prints where."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
STARTS_WITHIN_S = 20


def executable() -> Path | None:
    """Return a Chromium that starts, None if the machine has none."""
    return next((path for path in _candidates() if _starts(path)), None)


@contextmanager
def browser(path: Path) -> Iterator[Browser]:
    """Run it without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True)
        yield running
        running.close()


def _candidates() -> Iterator[Path]:
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    yield own


def _starts(path: Path) -> bool:
    """Tell a browser from a placeholder: `chromium-browser` may only say where to get one."""
    if not path.is_file():
        return False
    asked = [str(path), "--version"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=STARTS_WITHIN_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout


if __name__ == "__main__":
    found = executable()
    print(found or "No Chromium found.")
    sys.exit(found is None)
