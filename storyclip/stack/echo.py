"""The children's log files on the terminal: `name | line`, the quiet ones left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from storyclip.stack.log_lines import readable

LOOK_S = 0.2
SILENCE_S = 10.0  # without Redis a worker says the same thing several times a second
PORTION = 256 * 1024
TALKS_OF_ITSELF = "redis"  # every start brings its advice on kernel settings


class Echo:
    """Follows every `*.log` of a directory from where it ends now.

    `show` gets a line, from another thread. Lines that are no JSON, a traceback say, are shown,
    too; of the others only warnings and worse, and none twice in SILENCE_S, unless `everything`.
    """

    def __init__(self, log_dir: Path, show: Callable[[str], None], everything: bool) -> None:
        self._log_dir = log_dir
        self._show = show
        self._everything = everything
        self._read_to = {path: path.stat().st_size for path in log_dir.glob("*.log")}
        self._shown_at: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="echo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Show what is left, and stop."""
        self._stopping.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self._catch_up()
        self._catch_up()

    def _catch_up(self) -> None:
        for path in sorted(self._log_dir.glob("*.log")):
            if path.stem == TALKS_OF_ITSELF and not self._everything:
                continue
            size = path.stat().st_size
            start = self._read_to.get(path, 0)
            if size < start:  # put aside, and begun anew
                start = 0
            if size == start:
                continue
            with path.open("rb") as log:
                log.seek(start)
                written = log.read(PORTION)
            whole = written.rpartition(b"\n")[0] + b"\n" if b"\n" in written else b""
            if not whole and len(written) == PORTION:
                whole = written  # one endless line: in pieces rather than never
            self._read_to[path] = start + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                text = readable(line, self._everything)
                if text:
                    self._show_unless_just_shown(f"{path.stem:<8}| {text}")

    def _show_unless_just_shown(self, text: str) -> None:
        now = time.monotonic()
        recent = {line: at for line, at in self._shown_at.items() if now - at < SILENCE_S}
        if text not in recent or self._everything:
            recent[text] = now
            self._show(text)
        self._shown_at = recent
