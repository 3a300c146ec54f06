"""A sandbox as a child process, for tests, the demo and benchmarks. Standard library only."""

import json
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlencode, urlsplit

from storyclip.sandbox.control_line import Line

READY_S = 20  # interpreter and aiohttp take half a second; a loaded machine far longer
STOP_S = 5

_CHECKOUT = Path(__file__).parents[2]


class ControlRefused(Exception):
    """A control call was answered with an error; the message is the sandbox's."""


class SandboxProcess:
    """`python -m storyclip.sandbox` with its addresses, its ledger and its control calls.

    Flags are the command's, spelled with underscores: `date_step=1`, `at_once=True`,
    `fault=[{"fault": "create_then_drop"}]`. The child ends with this process, however that ends.
    """

    def __init__(self, ledger: Path, **flags: Any) -> None:
        self._ledger = ledger.absolute()
        self._flags = {"exit_with_parent": True, **flags}
        self._child: subprocess.Popen[str] | None = None
        self._lines = threading.local()
        self.url = ""  # of the API: what a client takes as its base
        self.control = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            RuntimeError: it ended, or said nothing for READY_S; its stderr is ours.
        """
        child = subprocess.Popen(
            command_with({"ledger": self._ledger, **self._flags}),
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._child = child
        line = _first_line(child.stdout)
        if not line:
            self.kill()
            raise RuntimeError(f"the sandbox did not start: {child.args!r}")
        addresses = json.loads(line)
        self.url, self.control = addresses["url"], addresses["control"]

    def stop(self) -> None:
        """End it with SIGTERM; with SIGKILL what has not ended STOP_S later."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._reap()

    def kill(self) -> None:
        """SIGKILL: what a crash is like."""
        if self._child is not None:
            self._child.kill()
            self._reap()

    def restart(self) -> None:
        """Start again on the same ledger and port; a clock that stood still stands where it was."""
        self.stop()
        self._flags["port"] = urlsplit(self.url).port
        self.start()

    @property
    def pid(self) -> int:
        """Raises: RuntimeError when it does not run."""
        if self._child is None:
            raise RuntimeError("the sandbox does not run")
        return self._child.pid

    def ledger(self) -> list[dict[str, Any]]:
        """The lines since the last reset, read from the file: works while the sandbox is dead."""
        lines: list[dict[str, Any]] = []
        for text in reversed(self._ledger.read_text().splitlines()):  # what was before may be long
            line = json.loads(text)
            if line["event"] == "reset":
                break
            lines.append(line)
        return lines[::-1]

    def fault(self, **spec: Any) -> None:
        """Switch a fault on: `fault(fault="create_then_drop", times=1)`."""
        self.ask("POST", "faults", spec)

    def faults(self) -> list[dict[str, Any]]:
        """Those switched on, with how many calls they have `seen` and `used` themselves on."""
        faults: list[dict[str, Any]] = self.ask("GET", "faults")
        return faults

    def clear_faults(self) -> None:
        self.ask("DELETE", "faults")

    def advance(self, seconds: float) -> str:
        """Move the clock ahead, and return its time; what became due has happened by then."""
        return self._move_clock({"advanceS": seconds})

    def set_clock(self, iso: str) -> str:
        """Freeze the clock at a moment not before the ledger's last line."""
        return self._move_clock({"now": iso})

    def run_clock(self) -> str:
        """Let a frozen clock go on from where it is."""
        return self._move_clock({"run": True})

    def now(self) -> str:
        return self._move_clock({})

    def set_skew(self, seconds: float) -> None:
        """Put Metricool's own clock this far ahead of the time, or behind it."""
        self.ask("POST", "clock", {"skewS": seconds})
        self._flags["clock_skew"] = seconds

    def take_tokens(self, *tokens: str) -> None:
        """Take these for the token from now on, until it is started again."""
        self.ask("POST", "tokens", list(tokens))

    def requests(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every API call since the start, in the order they came in."""
        query = "" if account is None else "?" + urlencode({"account": account})
        calls: list[dict[str, Any]] = self.ask("GET", f"requests{query}")
        return calls

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.ask("GET", "counts")
        return counts

    def parts(self) -> list[dict[str, Any]]:
        """Every part that came to S3, or began to, in the order they came in."""
        parts: list[dict[str, Any]] = self.ask("GET", "parts")
        return parts

    def force(self, post_id: int, **what: Any) -> dict[str, Any]:
        """Make of a post what we want: `status`, `detailedStatus`, `publicationDate`, `network`."""
        post: dict[str, Any] = self.ask("POST", f"posts/{post_id}", what)
        return post

    def person(self, act: str, **what: Any) -> Any:
        """Have somebody act in the planner: `person("edit", postId=310000001)`."""
        return self.ask("POST", f"people/{act}", what)

    def reset(self) -> None:
        """Forget posts, faults, requests and counts."""
        self.ask("POST", "reset")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One control call.

        Raises:
            ControlRefused: with the sandbox's words.
        """
        data = None if body is None else json.dumps(body).encode()
        status, said = self._line_to_it().ask(method, f"{self.control}/{path}", data)
        if status >= HTTPStatus.BAD_REQUEST:
            raise ControlRefused(said.decode())
        return json.loads(said)

    def _line_to_it(self) -> Line:
        if not hasattr(self._lines, "own"):
            self._lines.own = Line()
        line: Line = self._lines.own
        return line

    def _move_clock(self, how: dict[str, Any]) -> str:
        answer = self.ask("POST", "clock", how)
        now: str = answer["now"]
        self._flags["clock"] = None if answer["running"] else now
        return now

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            if self._child.stdout is not None:
                self._child.stdout.close()
            self._child = None


def command_with(flags: Mapping[str, Any]) -> list[str]:
    """The sandbox's command with these flags, spelled with underscores; a list is one flag each."""
    command = [sys.executable, "-m", "storyclip.sandbox"]
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                command.append(flag)
            elif one is not None and one is not False:
                command += [flag, json.dumps(one) if isinstance(one, dict) else str(one)]
    return command


def _first_line(pipe: IO[str] | None) -> str:
    """The line it prints when it listens; empty when it ended, or after READY_S."""
    if pipe is None or not select.select([pipe], [], [], READY_S)[0]:
        return ""
    return pipe.readline()
