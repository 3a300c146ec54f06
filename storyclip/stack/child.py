"""One child process: started in a group of its own, its output in a file, killed as a group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config import private
from config.children import for_any
from storyclip.stack.log_lines import last_lines

CHECKOUT = Path(__file__).parents[2]
LOG_LIMIT = 10_000_000  # bytes; a longer file is put aside at the start, once
POLL_S = 0.02
GONE_WITHIN_S = 2.0  # the kernel's own time to end what was killed; a stuck disk takes longer

# The shell tells the guard its process id and becomes the program, which keeps it: the guard knows
# of the group before anything can go wrong. Its stdout is the guard's pipe until then.
ANNOUNCE = 'echo $$; exec "$@" >&2'

Trouble = Callable[[Collection[int]], str | None]


@dataclass(frozen=True)
class Program:
    """What to run, what to change in its environment, and what of ours it finds there besides.

    `trouble` tells of the processes of its group what is wrong with them, None if nothing is;
    it may take some seconds. Without it, whoever lives is well.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherits: Callable[[Mapping[str, str]], dict[str, str]] = for_any
    trouble: Trouble | None = None


class Child:
    """A running or ended program.

    Args:
        log: gets what the program says.
        guard: the descriptor that the guard reads from.
    """

    def __init__(self, program: Program, log: Path, guard: int) -> None:
        self.name = program.name
        self.log = log
        self._guard = guard
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            self._said_before = output.tell()
            self.started_at = time.monotonic()
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", ANNOUNCE, "sh", *program.command],
                cwd=CHECKOUT,
                env=program.inherits(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=guard,
                stderr=output,
                umask=private.UMASK,
                process_group=0,  # Ctrl-C at the terminal reaches the stack alone, which stops us
            )
        self.group = self._process.pid

    @property
    def ended(self) -> str | None:
        """How it ended, in words; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def lived_s(self) -> float:
        return time.monotonic() - self.started_at

    def ask_to_stop(self) -> None:
        """SIGTERM to the program alone: what it forked would take two for "at once"."""
        self._process.terminate()

    def wait(self, until: float) -> bool:
        """Wait until it has ended or the monotonic time `until`; return whether it has."""
        while self._process.poll() is None:
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)
        return True

    def signal(self, number: int) -> None:
        """Send a signal to everything in its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, number)

    def bury(self) -> None:
        """Kill what is left of its group, wait for the program, and take it off the guard's list.

        Dramatiq's and gunicorn's children outlive a killed parent for a while.
        """
        self.signal(signal.SIGKILL)
        self._process.wait()
        until = time.monotonic() + GONE_WITHIN_S
        while self.pids() and time.monotonic() < until:
            time.sleep(POLL_S)
        with contextlib.suppress(BrokenPipeError):
            os.write(self._guard, b"-%d\n" % self.group)

    def pids(self) -> list[int]:
        """The living processes of its group, the program first."""
        return sorted(_pids_in(self.group), key=lambda pid: pid != self.group)

    def last_words(self) -> str:
        """The last lines it wrote since it was started; empty if none."""
        return last_lines(self.log, self._said_before)


def _pids_in(group: int) -> list[int]:
    """Ask /proc, or where there is none (macOS) the `ps` that every such system has."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(
            ["/bin/ps", "-A", "-o", "pid=,pgid=,stat="],
            capture_output=True,
            text=True,
            check=True,
            env={},
        )
        rows = [line.split() for line in listed.stdout.splitlines()]
        return [int(pid) for pid, pgid, state in rows if int(pgid) == group and state[0] != "Z"]
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
        state, _, pgid = stat.rpartition(")")[2].split()[:3]  # its name may hold anything
        if int(pgid) == group and state != "Z":
            pids.append(int(entry.name))
    return pids
