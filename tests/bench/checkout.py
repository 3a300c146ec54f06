"""Which code is measured: the commit of a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
README = "README.md"
SHORT = 10  # digits of a commit's id


def commit(checkout: Path = CHECKOUT) -> str:
    """Return the short id of the checkout's commit, with a `+` where the files differ from it.

    Raises:
        CalledProcessError: it is no checkout of git's.
    """
    return git(checkout, "rev-parse", f"--short={SHORT}", "HEAD") + "+" * bool(
        uncommitted(checkout)
    )


def uncommitted(checkout: Path = CHECKOUT) -> list[str]:
    """Return the files that differ from the commit, but for the README that is written."""
    changed = git(checkout, "status", "--porcelain", "--", ".", f":!{README}")
    return [line[3:] for line in changed.splitlines()]


def git(checkout: Path, *arguments: str) -> str:
    """Return what git answers.

    Raises:
        CalledProcessError: git said no.
    """
    return subprocess.run(
        ["git", "-C", str(checkout), *arguments], check=True, capture_output=True, text=True
    ).stdout.rstrip("\n")
