"""`python -m tests.world.planted`: plant each mistake, and say which seed caught it."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from tests.world.history import run
from tests.world.planted import (
    mistakes_about_neighbours,
    mistakes_about_rows,
    mistakes_in_deciding,
    mistakes_in_reading,
    mistakes_in_writing,
    mistakes_with_films,
)
from tests.world.planted.plant import MISTAKES, Mistake
from tests.world.scenario import scenario_of

WITHIN_S = 60.0  # of one core
CAUGHT = Path(__file__).parent / "caught.json"
LISTS = (
    mistakes_in_deciding,
    mistakes_in_writing,
    mistakes_about_rows,
    mistakes_about_neighbours,
    mistakes_with_films,
    mistakes_in_reading,
)


def main() -> int:
    """Plant what is asked for, all by default; 1 when one was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.planted", description=__doc__)
    parser.add_argument("--only", nargs="*", help="these mistakes")
    parser.add_argument("--keep", action="store_true", help="keep the seeds for the tests")
    said = parser.parse_args()
    mistakes = [one for one in MISTAKES if not said.only or one.name in said.only]
    caught = []
    with multiprocessing.get_context("fork").Pool(maxtasksperchild=1) as pool:
        for result in pool.imap(_hunt, [one.name for one in mistakes]):
            caught.append(result)
            print(_line(result), flush=True)
    missed = [one["name"] for one in caught if one["seed"] is None]
    print(f"{len(caught) - len(missed)} of {len(caught)} planted mistakes caught")
    if said.keep:
        before = {one["name"]: one for one in json.loads(CAUGHT.read_text())}
        kept = before | {one["name"]: one for one in caught}
        in_order = [kept[one.name] for one in MISTAKES if one.name in kept]
        CAUGHT.write_text(json.dumps(in_order, indent=1) + "\n")
    return 1 if missed else 0


def hunt(mistake: Mistake, first: int = 1, within_s: float = WITHIN_S) -> dict[str, Any]:
    """Return the first seed whose world goes wrong by a mistake alone, and in how many seconds."""
    began = time.process_time()
    found: dict[str, Any] = {"name": mistake.name, "words": mistake.words, "seed": None}
    for seed in count(first):
        profile = mistake.profiles[seed % len(mistake.profiles)]
        with mistake.planted():
            findings = run(scenario_of(seed, profile)).findings
        if findings and not run(scenario_of(seed, profile)).findings:
            found |= {"seed": seed, "profile": profile, "kind": findings[0].kind}
            found |= {"what": findings[0].what}
            break
        if time.process_time() - began > within_s:
            break
    return {**found, "seconds": round(time.process_time() - began, 1)}


def _hunt(name: str) -> dict[str, Any]:
    return hunt(next(one for one in MISTAKES if one.name == name))


def _line(one: dict[str, Any]) -> str:
    if one["seed"] is None:
        return f"NOT CAUGHT  {one['name']} in {one['seconds']} s"
    where = f"seed {one['seed']} of {one['profile']}"
    return f"{one['seconds']:6.1f} s  {one['name']:40} {where:30} {one['kind']}: {one['what']}"


if __name__ == "__main__":
    sys.exit(main())
