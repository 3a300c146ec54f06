"""What was prepared of people's files, beside what the sandbox's ledger says went live."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import NamedTuple

from storyclip.stack.stack import Stack


class Made(NamedTuple):
    """A piece of a file, and how it fills the screen."""

    number: int
    fit: str


def those_made(stack: Stack) -> Mapping[str, Made]:
    """The pieces of the files that are wanted, by their hash."""
    asked = (
        "SELECT p.sha256, p.number, f.options"
        " FROM file_pieces p JOIN files f ON f.id = p.file_id WHERE f.marked_at IS NULL"
    )
    with closing(sqlite3.connect(stack.data_dir / "storyclip.db", timeout=10)) as rows:
        found = rows.execute(asked).fetchall()
    return {sha256: Made(number, json.loads(options)["fit"]) for sha256, number, options in found}


def published(stack: Stack, account: str) -> list[str]:
    """What went live on an account, in its order: addresses, and hashes of what was brought."""
    assert stack.sandbox is not None
    lines = [line for line in stack.sandbox.ledger() if line["event"] == "published"]
    return [line["source"].removeprefix("sha256:") for line in lines if line["account"] == account]
