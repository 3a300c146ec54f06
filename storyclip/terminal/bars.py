"""A bar a file, from the disk to its being ready; plain lines where no terminal is."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from storyclip.terminal.clips import LocalFile
from storyclip.terminal.patience import Reconnecting

NAME_WIDTH = 30


class Bars:
    """Shows how far each file is; use it as a block: it gives the terminal back."""

    def __init__(self, console: Console, files: Iterable[LocalFile]) -> None:
        self._console = console
        self._said: dict[LocalFile, str] = {}
        self._explained: dict[LocalFile, str] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._bars: dict[LocalFile, TaskID] = {
            file: self._progress.add_task(_short(file.title), words="waits", total=1)
            for file in dict.fromkeys(files)
        }

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, file: LocalFile, words: str, done: float, total: float) -> None:
        """Show what a file is up to, and how far with it: `done` of `total` of whatever."""
        self._progress.update(self._bars[file], words=words, completed=done, total=total or 1)
        if self._said.get(file) != words:
            self._said[file] = words
            if not self._console.is_terminal:
                self.tell(f"{file.title}: {words}")

    def explain(self, file: LocalFile, sentence: str) -> None:
        """Say why a file does not go on, once; "" where it does."""
        if sentence and self._explained.get(file) != sentence:
            self.tell(f"{file.title}: {sentence}")
        self._explained[file] = sentence

    def lost(self, reconnecting: Reconnecting) -> None:
        """Say that the line is lost."""
        self.tell(f"{reconnecting.why}; trying again in {reconnecting.wait_s:.1f} s …")

    def tell(self, words: str) -> None:
        """Print one line, above the bars."""
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _short(name: str) -> str:
    return name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1]}…"
