"""Keeps child processes running: who dies is started again, who dies at once again and again waits.

Dramatiq's master ends when its child is killed, and nobody else starts it again.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from config import private
from config.children import for_any
from storyclip.stack.child import Child, Program

TICK_S = 0.03
LIVED_WELL_S = 10.0  # who lived that long and dies is started again at once
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # before the next start, by early deaths in a row
GIVEN_UP_AFTER = 3  # early deaths, for whoever waits for it to come up
KILLED_WITHIN_S = 5.0
ASK_S = 1.0
ILL_FOR_S = 10.0  # more than a busy machine makes anybody wait


@dataclass
class Post:
    """A program that is to run, and its present incarnation."""

    program: Program
    child: Child
    early_deaths: int = 0
    start_again_at: float | None = None
    restarts: int = 0
    ill_since: float | None = None


class Supervisor:
    """Starts and stops programs by name, each with a log file in `log_dir`.

    `report` gets a sentence, and perhaps the last lines of a child, from another thread. The
    children die with this process, however it ends; so does `lock`, a descriptor that the guard
    holds until then.
    """

    def __init__(self, log_dir: Path, report: Callable[[str], None], lock: int | None) -> None:
        log_dir.mkdir(parents=True, exist_ok=True, mode=private.FOLDER)
        self._log_dir = log_dir
        self._report = report
        self._posts: dict[str, Post] = {}
        self._mutex = threading.RLock()
        self._closing = threading.Event()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            env=for_any(),
            pass_fds=() if lock is None else (lock,),
            start_new_session=True,
        )
        assert self._guard.stdin is not None
        self._guard_pipe = self._guard.stdin
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()
        self._doctor = threading.Thread(target=self._ask, name="doctor", daemon=True)
        self._doctor.start()

    def start(self, program: Program) -> None:
        """Start a program that does not run yet, and keep it running."""
        with self._mutex:
            if program.name in self._posts:
                raise RuntimeError(f"{program.name} runs already")
            self._posts[program.name] = Post(program, self._child(program))

    def stop(self, names: Collection[str], within_s: float) -> None:
        """Ask programs to stop, all at once; kill what runs longer than `within_s`.

        With `within_s` 0 they are killed without being asked.
        """
        with self._mutex:
            posts = [self._posts.pop(name) for name in names if name in self._posts]
        until = time.monotonic() + within_s
        try:
            for post in posts:
                if within_s > 0:
                    post.child.ask_to_stop()
            for post in posts:
                if within_s > 0 and not post.child.wait(until):
                    self._report(f"{post.program.name} did not stop in {within_s:g} s: killed")
        finally:  # also when a second Ctrl-C ends the waiting
            for post in posts:
                post.child.bury()

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a program and all it forked; after SIGKILL, wait until they are gone.

        Who dies of it is started again at once: that was no fault of its own.
        """
        with self._mutex:
            post = self._post(name)
            post.early_deaths = -1
            post.child.signal(number)
            if number == signal.SIGKILL:
                post.child.wait(time.monotonic() + KILLED_WITHIN_S)

    def names(self) -> list[str]:
        """The programs that are to run, in the order of their start."""
        with self._mutex:
            return list(self._posts)

    def pids(self, name: str) -> list[int]:
        """The living processes of a program, the one we started first; empty between two lives."""
        with self._mutex:
            return self._post(name).child.pids()

    def restarts(self, name: str) -> int:
        """How often a program was started again."""
        with self._mutex:
            return self._post(name).restarts

    def hopeless(self) -> str | None:
        """Say which program dies as soon as it is started, and its last lines; None if none."""
        with self._mutex:
            for post in self._posts.values():
                if post.early_deaths >= GIVEN_UP_AFTER:
                    how = post.child.ended or "it runs again"
                    return f"{post.program.name} does not start ({how}):\n{post.child.last_words()}"
        return None

    def close(self) -> None:
        """Kill what still runs, and let the guard go."""
        self.stop(self.names(), 0)
        self._closing.set()
        self._thread.join()
        self._doctor.join()
        self._guard_pipe.close()
        self._guard.wait()

    def _child(self, program: Program) -> Child:
        return Child(program, self._log_dir / f"{program.name}.log", self._guard_pipe.fileno())

    def _post(self, name: str) -> Post:
        if name not in self._posts:
            raise KeyError(f"{name} does not run; these do: {', '.join(self._posts)}")
        return self._posts[name]

    def _watch(self) -> None:
        while not self._closing.wait(TICK_S):
            with self._mutex:
                for post in self._posts.values():
                    self._look_after(post)

    def _look_after(self, post: Post) -> None:
        now = time.monotonic()
        if post.start_again_at is None:
            how = post.child.ended
            if how is not None:
                post.child.bury()
                post.early_deaths = _early_deaths(post)
                pause_s = PAUSES_S[min(max(post.early_deaths - 1, 0), len(PAUSES_S) - 1)]
                post.start_again_at = now + pause_s
                self._report(_obituary(post, how, pause_s))
        if post.start_again_at is not None and now >= post.start_again_at:
            post.child = self._child(post.program)
            post.restarts += 1
            post.start_again_at = None
            post.ill_since = None

    def _ask(self) -> None:
        """Ask who can be asked how they are, and kill who has been of no use for too long."""
        while not self._closing.wait(ASK_S):
            with self._mutex:
                asked = [post for post in self._posts.values() if post.program.trouble is not None]
            for post in asked:
                self._ask_one(post)

    def _ask_one(self, post: Post) -> None:
        child, trouble = post.child, post.program.trouble
        assert trouble is not None
        words = trouble(child.pids())  # not under the mutex: it may take its time
        with self._mutex:
            now = time.monotonic()
            if words is None or child is not post.child or child.ended is not None:
                post.ill_since = None
            elif post.ill_since is None:
                post.ill_since = now
            elif now - post.ill_since >= ILL_FOR_S and self._posts.get(post.program.name) is post:
                post.ill_since = None
                self._report(f"{post.program.name} lives and is of no use ({words}): killed")
                child.signal(signal.SIGKILL)


def _early_deaths(post: Post) -> int:
    return 1 if post.child.lived_s >= LIVED_WELL_S else post.early_deaths + 1


def _obituary(post: Post, how: str, pause_s: float) -> str:
    when = f"in {pause_s:g} s" if pause_s else "at once"
    sentence = f"{post.program.name} ended ({how}); it is started again {when}"
    words = post.child.last_words() if how != "killed by SIGKILL" else ""
    return f"{sentence}. Its last lines:\n{words}" if words else sentence
