"""Log lines as a person reads them: the processes write JSON into their files."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

LOUD = ("warning", "error", "critical")
FOR_MACHINES = ("event", "level", "timestamp", "logger", "exception")
LAST = 16  # lines


def readable(line: str, everything: bool = False) -> str:
    """Return a log line as a person reads it; empty where it is not worth reading."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line.rstrip()
    if not isinstance(entry, dict) or "event" not in entry:
        return line.rstrip() if everything else ""
    level = str(entry.get("level", "info"))
    if level not in LOUD and not everything:
        return ""
    facts = " ".join(f"{name}={entry[name]}" for name in entry if name not in FOR_MACHINES)
    trace = f"\n{entry['exception']}" if entry.get("exception") else ""
    return f"{level}: {entry['event']} {facts}".rstrip() + trace


def last_lines(log: Path, since: int = 0) -> str:
    """Return the end of a log file, each line indented; `since` is an offset in bytes."""
    with log.open("rb") as written:
        written.seek(since)
        text = written.read().decode(errors="replace")
    lines: deque[str] = deque(maxlen=LAST)
    for line in text.splitlines():
        lines.extend(readable(line, everything=True).splitlines())
    return "\n".join(f"    {line}" for line in lines)
