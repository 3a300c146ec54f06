"""What a person sees: a bar a batch and a line a clip, or plain lines where no terminal is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from storyclip.domain.batch import Status
from storyclip.domain.clip import ENDED_UNSEEN, IN_FLIGHT, State
from storyclip.terminal.boards import Board, Boards, ClipRow
from storyclip.terminal.follow import Happened, News, Snapshot
from storyclip.terminal.patience import Reconnecting

MARKS = {
    State.PENDING: ("·", "dim"),
    State.UPLOADING: ("↑", "cyan"),
    State.VERIFYING: ("?", "yellow"),
    State.WAITING_CONFIRMATION: ("…", "cyan"),
    State.PUBLISHED: ("✓", "green"),
    State.FAILED: ("✗", "red"),
    State.CANCELLED: ("-", "red"),
}
BAR_WIDTH = 36
ROWS_BESIDES = 4  # of a batch: its name, its bar, what is left out; and a note
FEWEST_ROWS = 3
LINES_OF_TROUBLE = 3


class Notes:
    """Says on the side what happens to the connection, where events go to a script."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def show(self, news: News) -> None:
        """Show the end of a connection, and the next one."""
        if isinstance(news, Reconnecting):
            self._is_lost = True
            self.tell(f"{news.why}; reconnecting in {news.wait_s:.1f} s …")
        elif isinstance(news, Snapshot) and self._is_lost:
            self._is_lost = False
            self.tell("connected again")

    def tell(self, words: str, at: str = "") -> None:
        """Print one line."""
        line = f"{at}  {words}" if at else words
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class Screen(Notes):
    """Shows news; use it as a block: it gives the terminal back."""

    def __init__(self, console: Console, boards: Boards) -> None:
        super().__init__(console)
        self._boards = boards
        self._note = "connecting …"
        self._said = ""
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=8)

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
            self._note = ""
            self._live.stop()

    def show(self, news: News) -> None:
        """Show what happened; the boards know it already."""
        super().show(news)
        if isinstance(news, Snapshot):
            self._note = ""
        elif isinstance(news, Happened) and self._live is None:
            sentence = _sentence(news)
            if sentence != self._said:  # some events change only what a person does not see
                self.tell(sentence, _local_time(news.facts["timestamp"]))
                self._said = sentence

    def tell(self, words: str, at: str = "") -> None:
        """Show a note, or print one line where no terminal is."""
        self._note = words
        if self._live is None:
            super().tell(words, at)

    def _picture(self) -> Group:
        parts: list[RenderableType] = []
        running = [board for board in self._boards.values() if board.is_running]
        room = self._console.height // max(1, len(running)) - ROWS_BESIDES
        for board in self._boards.values():
            parts.append(_head(board))
            rows = list(board.clips.values())
            if self._live is not None and self._live.is_started:
                rows = _that_fit(rows, max(room, FEWEST_ROWS))
            parts.append(_lines(rows, board))
            if left_out := len(board.clips) - len(rows):
                parts.append(Text(f"     and {left_out} more", style="dim"))
        if self._note:
            parts.append(Text(self._note, style="yellow"))
        return Group(*parts)


def _head(board: Board) -> Table:
    word = f"{board.status.value}: {board.trouble}" if board.trouble else board.status.value
    name = Text.assemble("Batch ", (board.batch_id, "bold"), f"  {word}")
    bar = Table.grid(padding=(0, 2))
    bar.add_row(
        Text(" "),
        ProgressBar(total=board.total or 1, completed=board.published, width=BAR_WIDTH),
        f"{board.published} of {board.total} published",
    )
    head = Table.grid()
    head.add_row(name)
    head.add_row(bar)
    return head


def _lines(rows: list[ClipRow], board: Board) -> Table:
    lines = Table.grid(padding=(0, 2))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True, overflow="ellipsis", max_width=40)
    lines.add_column(overflow="fold")
    width = len(str(board.total))
    for row in sorted(rows, key=lambda row: row.index):
        mark, style = MARKS[row.state]
        words = Text(row.words, style=style)
        if row.advice:
            words.append(f"\n→ {row.advice}", style="dim")
        lines.add_row(Text(f"  {mark}", style=style), f"{row.index:>{width}}", row.title, words)
    return lines


def _that_fit(rows: list[ClipRow], room: int) -> list[ClipRow]:
    """Return the rows to look at: what is under way, what went wrong, then what comes next.

    A row that went wrong takes some lines for its reason.
    """

    def first(row: ClipRow) -> tuple[int, int]:
        if row.state in IN_FLIGHT:
            return 0, row.index
        if row.state in ENDED_UNSEEN:
            return 1, -row.index
        return (2, row.index) if row.state is State.PENDING else (3, -row.index)

    fitting = []
    for row in sorted(rows, key=first):
        room -= LINES_OF_TROUBLE if row.advice else 1
        if room >= 0:
            fitting.append(row)
    return fitting


def _sentence(news: Happened) -> str:
    event, clip = news.facts, news.facts["clip"]
    if clip is None:
        return f"batch {event['batchId']}, {event['total']} clips: {event['status']}"
    row = ClipRow.of(clip)
    ending = "" if Status(event["status"]) is Status.PROCESSING else f" (batch {event['status']})"
    return f"clip {row.index} of {event['total']}  {row.title}: {row.words}{ending}"


def verdict(board: Board) -> Iterator[str]:
    """Yield what came of a batch that has ended, and what to do about it."""
    yield f"{board.published} of {board.total} published; the batch is {board.status.value}."
    for row in sorted(board.clips.values(), key=lambda row: row.index):
        if row.state is not State.PUBLISHED:
            what_to_do = f" → {row.advice}" if row.advice else ""
            yield f"clip {row.index}  {row.title}: {row.words}{what_to_do}"


def _local_time(timestamp: Any) -> str:
    return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S")
