"""What the demo shows while it runs: a bar and a line per clip, or one plain line per change."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from storyclip.domain.clip import ENDED, State

REFRESHES_PER_S = 10
MARKS = {
    State.PENDING: ("·", "dim"),
    State.UPLOADING: ("↑", "cyan"),
    State.VERIFYING: ("?", "yellow"),
    State.WAITING_CONFIRMATION: ("…", "cyan"),
    State.PUBLISHED: ("✓", "green"),
    State.FAILED: ("✗", "red"),
    State.CANCELLED: ("-", "red"),
}


@dataclass
class Row:
    """A clip as it was last heard of, and how long it has been under way."""

    state: State = State.PENDING
    began_at: float | None = None
    ended_at: float | None = None

    def hear(self, state: State, now: float) -> bool:
        """Take in the state; return whether it is another one."""
        if self.began_at is None and state is not State.PENDING:
            self.began_at = now
        if self.ended_at is None and state in ENDED:
            self.ended_at = now
        changed, self.state = state is not self.state, state
        return changed

    def took_s(self, now: float) -> float | None:
        return None if self.began_at is None else (self.ended_at or now) - self.began_at


class Screen:
    """Shows a batch; `titles` are its clips'. Use it as a block: it gives the terminal back."""

    def __init__(self, console: Console, titles: Sequence[str]) -> None:
        self._console = console
        self._titles = titles
        self._rows = [Row() for _ in titles]
        self._notes: list[str] = []
        self._began_at = time.monotonic()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(
                console=console, get_renderable=self._picture, refresh_per_second=REFRESHES_PER_S
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, clips: Sequence[Mapping[str, Any]]) -> None:
        """Take in what the API says about the clips."""
        now = time.monotonic()
        for clip, row, title in zip(clips, self._rows, self._titles, strict=True):
            if row.hear(State(clip["status"]), now) and self._live is None:
                self._plain(f"clip {clip['index']} of {len(self._rows)}  {title}: {_word(row)}")

    def note(self, sentence: str) -> None:
        """Show a sentence about something besides the clips."""
        self._notes.append(f"{self._elapsed()}  {sentence}")
        if self._live is None:
            self._plain(sentence)

    def _plain(self, text: str) -> None:
        self._console.print(f"{self._elapsed()}  {text}", markup=False, highlight=False)

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._began_at:5.1f} s"

    def _picture(self) -> Group:
        now = time.monotonic()
        done = sum(row.state is State.PUBLISHED for row in self._rows)
        bar = Table.grid(padding=(0, 1))
        total = len(self._rows)
        bar.add_row(
            Text("Story", style="bold"),
            ProgressBar(total=total, completed=done, width=30),
            f"{done} of {total} published",
            Text(self._elapsed(), style="dim"),
        )
        clips = Table.grid(padding=(0, 2))
        for number, (row, title) in enumerate(zip(self._rows, self._titles, strict=True), start=1):
            mark, style = MARKS[row.state]
            took_s = row.took_s(now)
            clips.add_row(
                Text(f"  {mark}", style=style),
                f"clip {number}",
                title,
                Text(_word(row), style=style),
                Text("" if took_s is None else f"{took_s:4.1f} s", style="dim"),
            )
        return Group(bar, clips, *(Text(note, style="yellow") for note in self._notes))


def _word(row: Row) -> str:
    return row.state.value.replace("_", " ")
