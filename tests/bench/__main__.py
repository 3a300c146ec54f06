"""`python -m tests.bench`: measure, compare with the bars and the floors, and print it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from storyclip.stack.stack import StackFailed
from tests.bench import accept, cadence, engine, profiling, streams, takeover, throughput, tick
from tests.bench.figure import Figure, NotMeasured, shown

MEASUREMENTS: dict[str, Callable[[int], Iterator[Figure]]] = {
    "throughput": throughput.measure,
    "engine": engine.measure,
    "cadence": cadence.measure,
    "accept": accept.measure,
    "takeover": takeover.measure,
    "tick": tick.measure,
    "streams": streams.measure,
}


def main() -> int:
    """Run what was asked for; return 1 where something could not be measured."""
    asked = _arguments()
    if asked.profile:
        profiling.show()
        return 0
    figures: list[Figure] = []
    failures: list[str] = []
    for name in asked.only or MEASUREMENTS:
        began = time.monotonic()
        try:
            for figure in MEASUREMENTS[name](asked.runs):
                figures.append(figure)
                print(figure.line(), flush=True)
        except (NotMeasured, StackFailed) as failure:
            failures.append(f"{name}: not measured: {failure}")
            print(failures[-1], flush=True)
        print(f"  ({name} took {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    _print_table(figures)
    for line in failures:
        print(line)
    missed = [figure for figure in figures if not figure.passes]
    return 1 if failures or (asked.strict and missed) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="measure this alone; may be repeated"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs, whose median counts (3)")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a bar is missed")
    parser.add_argument(
        "--profile", action="store_true", help="show where a worker's CPU goes, measure nothing"
    )
    return parser.parse_args()


def _print_table(figures: Sequence[Figure]) -> None:
    rows = [("", "figure", "bar", "", "floor", "ratio")]
    rows += [
        (
            f"{figure.name}: {figure.what}",
            f"{shown(figure.value)} {figure.unit}",
            figure.bar_text,
            figure.verdict,
            shown(figure.floor) if figure.floor is not None else "-",
            figure.ratio,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
