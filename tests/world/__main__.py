"""`python -m tests.world`: run the simulated world, and tell what goes wrong as a story."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.world import stories
from tests.world.history import run
from tests.world.judge import Finding
from tests.world.runner import Outcome, outcomes
from tests.world.scenario import PROFILES, scenario_of
from tests.world.shrink import shrink
from tests.world.stories import Story
from tests.world.story import told

TOTAL = Path(__file__).parent / "total.json"


def main() -> int:
    """Run what the command line says; 1 when anything went wrong."""
    said = _arguments()
    if said.story:
        return _replay(said.story)
    if said.stories:
        return _replay_all()
    if said.seed is not None:
        return _one(said)
    return _many(said)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    parser.add_argument("--seconds", type=float, help="stop after so long (for ever)")
    parser.add_argument("--from", type=int, dest="first", help="the first seed (a new one)")
    parser.add_argument("--profile", choices=sorted(PROFILES), help="of all seeds (their own)")
    parser.add_argument("--keep-going", action="store_true", help="list all sorts of findings")
    parser.add_argument(
        "--total", action="store_true", help="add the run to total.json, and what it found"
    )
    parser.add_argument("--seed", type=int, help="run this one alone, and tell it")
    parser.add_argument("--shrink", action="store_true", help="tell the smallest such history")
    parser.add_argument("--what", default="", help="shrink to the finding with these words")
    parser.add_argument("--keep", metavar="NAME", help="keep the shrunk history under a name")
    parser.add_argument("--sentence", default="", help="what it shows, for its file")
    parser.add_argument("--story", help="replay a kept history")
    parser.add_argument("--stories", action="store_true", help="replay all of them, in short")
    return parser.parse_args()


def _many(said: argparse.Namespace) -> int:
    first = int(time.time()) * 1000 if said.first is None else said.first
    total = Outcome()
    sorts: dict[tuple[str, str], list[int]] = {}
    try:
        for outcome in outcomes(first, said.profile, said.seconds):
            total.add(outcome)
            for seed, finding in outcome.failed:
                seeds = sorts.setdefault((finding.kind, finding.what), [])
                seeds.append(seed)
                if len(seeds) == 1:
                    print(f"seed {seed}: {finding.kind}: {finding.what}: {finding.about}")
            if total.failed and not said.keep_going:
                break
    except KeyboardInterrupt:
        print()
    if said.keep_going:
        for (kind, what), seeds in sorted(sorts.items(), key=lambda sort: -len(sort[1])):
            print(f"{len(seeds):6} {kind:13} {what}  (seed {seeds[0]})")
    elif total.failed:
        seed, finding = total.failed[0]
        _tell_smallest(seed, said.profile, finding, said)
    if said.total:
        _add_up(total)
    print(f"{total.lives / max(total.cpu_s, 0.001):.0f} lives a CPU second, {total.seeds} seeds")
    print(total.figures)
    return 1 if total.failed else 0


def _one(said: argparse.Namespace) -> int:
    history = run(scenario_of(said.seed, said.profile), telling=True)
    wanted = [it for it in history.findings if said.what in it.what]
    if said.shrink and wanted:
        _tell_smallest(said.seed, said.profile, wanted[0], said)
    else:
        print(history.scenario)
        print(told(history.record, history.findings))
    return 1 if history.findings else 0


def _tell_smallest(
    seed: int, profile: str | None, finding: Finding, said: argparse.Namespace
) -> None:
    scenario = scenario_of(seed, profile)
    taken = run(scenario).taken
    smallest = shrink(scenario, taken, finding.kind, finding.what)
    history = run(smallest.scenario, smallest.allowed, telling=True)
    print(smallest.scenario)
    print("\n".join(f"  {name}" for name in smallest.allowed))
    print(told(history.record, history.findings))
    if said.keep:
        story = Story(
            said.keep,
            finding.kind,
            finding.what,
            said.sentence,
            _commit(),
            smallest.scenario,
            smallest.allowed,
        )
        print(f"kept in {stories.keep(story)}")


def _replay(name: str) -> int:
    story = stories.kept(stories.FOLDER / f"{name}.json")
    history = story.replay(telling=True)
    print(story.sentence)
    print(told(history.record, history.findings))
    return 1 if history.findings else 0


def _replay_all() -> int:
    """Say of each kept history whether it still goes wrong."""
    wrong = 0
    for story in stories.all_kept():
        sorts = {(it.kind, it.what) for it in story.replay().findings}
        wrong += bool(sorts)
        now = "wrong" if (story.kind, story.what) in sorts else "otherwise" if sorts else "well"
        print(f"{now:10} {story.name}: {story.sentence}")
    print(f"{wrong} of {len(stories.all_kept())} go wrong")
    return 1 if wrong else 0


def _add_up(outcome: Outcome) -> None:
    """Add the figures of a run to those that are kept: what it found is mended afterwards."""
    total: dict[str, Any] = {"lives": 0, "runs": []}
    if TOTAL.exists():
        total = json.loads(TOTAL.read_text())
    counts = {name: outcome.counts[name] for name in ("kills", "faults", "people")}
    found = len({seed for seed, _ in outcome.failed})
    figures = {"seeds": outcome.seeds, "lives": outcome.lives, **counts, "found": found}
    for name, value in figures.items():
        total[name] = total.get(name, 0) + value
    total["runs"].append({"commit": _commit(), **figures})
    TOTAL.write_text(json.dumps(total, indent=2) + "\n")


def _commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
