"""The last sink: whatever reaches a terminal goes through here, and commands it nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from config.logging import masked
from config.printable import printable


class CleanConsole(Console):
    """Rich's console, which sends a terminal rich's own commands alone."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Clean the text of each piece; what has no text is rich's own command."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


class _Clean:
    """A stream that passes on what is printable; rich's consoles write past it, and clean too."""

    def __init__(self, raw: TextIO, *, masks: bool) -> None:
        self.rich_proxied_file = raw
        self._masks = masks

    def write(self, text: str) -> int:
        said = masked(text) if self._masks else text
        return self.rich_proxied_file.write(printable(said))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def clean_streams() -> Iterator[None]:
    """Have stdout and stderr cleaned for the block; stderr, which has no data, is masked too."""
    before = sys.stdout, sys.stderr
    sys.stdout = _Clean(sys.stdout, masks=False)
    sys.stderr = _Clean(sys.stderr, masks=True)
    try:
        yield
    except SystemExit as ending:
        if not isinstance(ending.code, str):
            raise
        sys.stderr.write(f"{ending.code}\n")  # the interpreter would say it past us
        raise SystemExit(1) from None
    finally:
        sys.stdout, sys.stderr = before
