"""`python -m tests.bench`: measure, compare with the bars and the floors, and print it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from config.logging import configure
from storyclip.stack.stack import StackFailed
from tests.bench import (
    accept,
    against,
    cadence,
    checkout,
    engine,
    files,
    postgres,
    profiling,
    readme,
    streams,
    takeover,
    tenants,
    throughput,
    tick,
)
from tests.bench.figure import Figure, NotMeasured, aligned, shown
from tests.bench.stage import keeping

MEASUREMENTS: dict[str, Callable[[int, bool], Iterator[Figure]]] = {
    "throughput": throughput.measure,
    "engine": engine.measure,
    "cadence": cadence.measure,
    "accept": accept.measure,
    "takeover": takeover.measure,
    "tick": tick.measure,
    "streams": streams.measure,
    "tenants": tenants.measure,
    "files": files.measure,
    "postgres": postgres.measure,
}


def main() -> int:
    """Run what was asked for; return 1 where something could not be measured."""
    asked = _arguments()
    configure("error", "json", stream=sys.stderr)
    lines = asked.only or list(MEASUREMENTS)
    runs = asked.runs or (1 if asked.quick else 3)
    if asked.profile:
        profiling.show()
        return 0
    if asked.against is not None:
        try:
            for line in lines:
                against.compare(asked.against.resolve(), line, runs, asked.quick)
        except NotMeasured as failure:
            sys.exit(str(failure))
        return 0
    commit = checkout.commit() if asked.write_readme else ""  # before, as it is being measured
    with keeping() if asked.quick else nullcontext():
        figures, failures = _measured(lines, runs, asked.quick)
    _print_table(figures)
    for sentence in failures:
        print(sentence)
    if asked.write_readme and not failures:
        today = datetime.now(UTC).date()
        readme.write(checkout.CHECKOUT / checkout.README, figures, runs, commit, today)
    missed = [figure for figure in figures if not figure.passes]
    return 1 if failures or (asked.strict and missed) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="measure this alone; may be repeated"
    )
    parser.add_argument("--runs", type=int, help="runs, whose median counts (3; 1 with --quick)")
    parser.add_argument(
        "--quick", action="store_true", help="small and short: shows that all lines still measure"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 where a bar is missed")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="DIR",
        help="measure another checkout in turns with this one, and print what one is of the other",
    )
    parser.add_argument(
        "--write-readme", action="store_true", help="put all lines' figures into the README"
    )
    parser.add_argument(
        "--profile", action="store_true", help="show where a worker's CPU goes, measure nothing"
    )
    asked = parser.parse_args()
    if asked.write_readme:
        if asked.quick or asked.only or asked.against:
            parser.error("the README's figures are of all lines at their real size")
        if changed := checkout.uncommitted():
            parser.error(f"no commit holds what would be measured: {', '.join(changed)}")
    return asked


def _measured(lines: Iterable[str], runs: int, quick: bool) -> tuple[list[Figure], list[str]]:
    """Return what could be measured, and a sentence for each line that could not."""
    figures: list[Figure] = []
    failures: list[str] = []
    for name in lines:
        began = time.monotonic()
        try:
            for figure in MEASUREMENTS[name](runs, quick):
                if quick:
                    figure = replace(figure, bar=None)  # bars are of the real sizes
                figures.append(figure)
                print(figure.line(), flush=True)
        except (NotMeasured, StackFailed) as failure:
            failures.append(f"{name}: not measured: {failure}")
            print(failures[-1], flush=True)
        print(f"  ({name} took {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    return figures, failures


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
    print()
    print("\n".join(aligned(rows)))


if __name__ == "__main__":
    sys.exit(main())
