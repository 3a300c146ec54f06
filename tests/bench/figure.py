"""What a measurement comes to: a figure, its bar, and the floor it is compared with."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


class NotMeasured(Exception):
    """The measurement came to no figure; the message says why."""


@dataclass(frozen=True)
class Figure:
    """One figure.

    Args:
        bar: what it must reach (`at_least`) or must not exceed; None for information only.
        floor: the same unit, made by the least code that does the same work on this machine now.
    """

    name: str
    what: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False
    floor: float | None = None
    floor_is: str = ""
    note: str = ""

    @property
    def passes(self) -> bool:
        """Whether the bar is kept; true where there is none."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    @property
    def bar_text(self) -> str:
        """The bar as it reads in a line."""
        if self.bar is None:
            return "-"
        return f"{'>=' if self.at_least else '<='} {self.bar:g}"

    @property
    def verdict(self) -> str:
        """`pass`, `miss`, or nothing where there is no bar."""
        if self.bar is None:
            return ""
        return "pass" if self.passes else "miss"

    @property
    def in_floors(self) -> float | None:
        """The figure in multiples of its floor, None where it has none."""
        return self.value / self.floor if self.floor else None

    @property
    def ratio(self) -> str:
        """The same as it reads in a line."""
        return "-" if self.in_floors is None else f"{self.in_floors:.2f}"

    def line(self) -> str:
        """Return everything about it on one line."""
        parts = [f"{self.name}: {self.what}: {shown(self.value)} {self.unit}"]
        if self.bar is not None:
            parts.append(f"bar {self.bar_text}: {self.verdict}")
        if self.floor is not None:
            floor = f"floor {shown(self.floor)} {self.unit}"
            parts.append(f"{floor} ({self.floor_is}), ratio {self.ratio}")
        if self.note:
            parts.append(self.note)
        return "; ".join(parts)


_LINE = re.compile(
    r"(?P<what>\w+: (?!not measured).+?): (?P<value>[\d.e+-]+) (?P<unit>[^ ;]+)(?:;|$)"
)


def read_line(line: str) -> tuple[str, float] | None:
    """Return what a figure's line is about, with its unit, and its value; None for other lines."""
    found = _LINE.match(line)
    return found and (f"{found['what']}, {found['unit']}", float(found["value"]))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines, with their cells under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def shown(value: float) -> str:
    """Return a value with three digits or so."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(len(ordered) * percent / 100 + 0.5) - 1))]


def median(values: Sequence[float]) -> float:
    """Return the middle of the runs."""
    return float(statistics.median(values))
