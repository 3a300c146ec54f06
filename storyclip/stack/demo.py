"""The demo: a story of five clips through the whole stack, and a worker killed on the way."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from config.settings import names
from storyclip.domain.batch import RUNNING, Status
from storyclip.domain.clip import State
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.network import Network
from storyclip.stack.demo_screen import Screen
from storyclip.stack.stack import Stack, StackFailed
from storyclip.stack.verdict import ledger_table, verdict
from storyclip.store import database
from storyclip.store.service import workers

TITLES = ("Good morning", "The market", "In the kitchen", "Lunch is ready", "See you tomorrow")
CLIP_URLS = [f"https://cdn.example.com/demo/clip-{number}.mp4" for number in range(1, 6)]
KILL_AFTER = 2  # clips published
PATIENCE_S = 40.0  # for a story that takes a quarter of it, so that the whole stays under 60 s
POLL_S = 0.1
ANSWER_S = 10.0

DATE_STEP_S = 2
SANDBOX_FLAGS = {"date_step": DATE_STEP_S, "publish_delay": 0.5}
# Metricool's minute made two seconds, and everything that is counted in minutes with it. Whatever
# else the caller's environment says does not hold here: blank is unset.
SHORT = {
    **dict.fromkeys(names(), ""),
    "STORYCLIP_DATE_STEP_S": str(DATE_STEP_S),
    "STORYCLIP_LEAD_S": "1",
    "STORYCLIP_SETTLE_S": "2",
    "STORYCLIP_CONFIRM_INTERVAL_S": "0.3",
    "STORYCLIP_RETRY_BASE_S": "0.5",
}


class DemoFailed(Exception):
    """The story did not end as it should; the message says how it ended."""


def play(out: Console, err: Console, keeps: bool) -> int:
    """Publish the story, print the ledger and the verdict to `out`; return the exit code.

    Args:
        err: shows the progress.
        keeps: leaves the data directory behind, which a failure does in any case.
    """
    began_at = time.monotonic()
    data_dir = Path(tempfile.mkdtemp(prefix="storyclip-demo-"))
    is_well = False
    try:
        say(err, "Starting Redis (embedded), a local Metricool (sandbox), web and worker.")
        say(err, f"Everything is in {data_dir}{'' if keeps else ', removed at the end'}.")
        stack = Stack(data_dir, sandbox_flags=SANDBOX_FLAGS, environment=SHORT)
        with stack:
            database.connect(stack.database_url)
            say(err, f"Ready after {time.monotonic() - began_at:.1f} s at {stack.url}")
            _publish(stack, err)
            assert stack.sandbox is not None
            ledger = stack.sandbox.ledger()
            database.disconnect()
        is_well, sentence = verdict(ledger, CLIP_URLS)
        err.print()
        out.print(ledger_table(ledger, CLIP_URLS))
        say(out, sentence)
        say(err, f"Everything is stopped after {time.monotonic() - began_at:.1f} s.")
    except (StackFailed, DemoFailed, StoreUnavailable) as failure:
        say(err, f"The demo failed: {failure}")
    except (KeyboardInterrupt, SystemExit):
        is_well = True  # nothing to look into
        raise
    finally:
        if is_well and not keeps:
            shutil.rmtree(data_dir, ignore_errors=True)
        elif not is_well:
            say(err, f"What the processes said is in {data_dir / 'log'}.")
    return 0 if is_well else 1


def say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: no markup, no colours, no line breaks of rich's."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _publish(stack: Stack, err: Console) -> None:
    """Create the batch and watch it until it has ended.

    Raises:
        DemoFailed: it did not end well, or not in time.
    """
    api = _Api(stack)
    brand = api.ask("GET", "brands")["brands"][0]
    posts = [
        {"id": f"clip_{number}", "url": url, "text": title}
        for number, (url, title) in enumerate(zip(CLIP_URLS, TITLES, strict=True), start=1)
    ]
    settings = {"accountId": brand["id"], "network": Network.FACEBOOK}
    created = api.ask("POST", "publish/stories", {"posts": posts, "settings": settings})
    say(err, f"POST of {len(posts)} clips for {brand['label']}: batch {created['batchId']}\n")

    until = time.monotonic() + PATIENCE_S
    with Screen(err, TITLES) as screen:
        crash = _Crash(stack, screen)
        while True:
            status = api.ask("GET", f"status?batchId={created['batchId']}")
            screen.show(status["clips"])
            crash.go_on(status["clips"])
            if status["status"] not in RUNNING and crash.is_over:
                break
            if time.monotonic() > until:
                raise DemoFailed(f"not finished in {PATIENCE_S:g} s: {_reasons(status)}")
            time.sleep(POLL_S)
    if status["status"] != Status.COMPLETED:
        raise DemoFailed(f"the batch is {status['status']}: {_reasons(status)}")


class _Crash:
    """Kills the worker in the middle of the story, and notices when another one lives."""

    def __init__(self, stack: Stack, screen: Screen) -> None:
        self._stack = stack
        self._screen = screen
        self._killed_at: float | None = None
        self._dead: frozenset[str] = frozenset()
        self.is_over = False

    def go_on(self, clips: Sequence[Mapping[str, Any]]) -> None:
        """Kill when it is time to, then look for the new worker."""
        if self._killed_at is None:
            if _is_time_to_kill(clips):
                self._dead = frozenset(workers.beats())
                self._killed_at = time.monotonic()
                self._stack.kill("worker")
                self._screen.note("worker killed (kill -9) in the middle of the story …")
        elif not self.is_over and workers.beats().keys() - self._dead:
            self.is_over = True
            back_after_s = time.monotonic() - self._killed_at
            self._screen.note(f"… a new one is back after {back_after_s:.1f} s, and goes on")


class _Api:
    """StoryClip's API as any client would call it."""

    def __init__(self, stack: Stack) -> None:
        self._base = f"{stack.url}/api/metricool"
        self._session = requests.Session()
        self._session.trust_env = False  # it is on this machine, whatever proxy is set
        self._session.headers["X-Api-Key"] = stack.api_key

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make one call and return the JSON.

        Raises:
            DemoFailed: with the answer, where it is not a success.
        """
        try:
            answer = self._session.request(
                method, f"{self._base}/{path}", json=body, timeout=ANSWER_S
            )
        except requests.RequestException as silence:
            raise DemoFailed(f"{method} {path}: {silence}") from silence
        if not answer.ok:
            raise DemoFailed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()


def _is_time_to_kill(clips: Sequence[Mapping[str, Any]]) -> bool:
    """True with the next clip on its way, which is worse than between two; never after the last."""
    states = [State(clip["status"]) for clip in clips]
    published = states.count(State.PUBLISHED)
    return published > KILL_AFTER or (
        published == KILL_AFTER and State.WAITING_CONFIRMATION in states
    )


def _reasons(status: Mapping[str, Any]) -> str:
    told = [f"clip {clip['index']}: {clip['error']}" for clip in status["clips"] if clip["error"]]
    return "; ".join(told) or status["error"] or f"{status['posts']['published']} published"
