"""Print what is explored: `python -m tests.model`, with `--deep` for minutes of it."""

from __future__ import annotations

import sys
import time

from tests.model.explore import explore
from tests.model.mistakes import MISTAKES, planted
from tests.model.scenes import DEEP, QUICK


def main(arguments: list[str]) -> int:
    """Explore all scenes, then each mistake until it shows; return how many were not as meant."""
    wrong, states, noticed = 0, 0, 0
    scenes = (*QUICK, *(DEEP if "--deep" in arguments else ()))
    print(f"{'scene':<44}{'states':>10}{'transitions':>13}{'seconds':>9}")
    for scene in scenes:
        began = time.process_time()
        seen = explore(scene)
        spent_s = time.process_time() - began
        print(f"{scene.name:<44}{seen.states:>10}{seen.transitions:>13}{spent_s:>9.1f}", flush=True)
        states += seen.states
        if seen.fault is not None:
            wrong += 1
            print(_story(seen.fault, seen.story))
    print()
    for mistake in MISTAKES:
        with planted(mistake):
            seen = explore(mistake.scene)
        noticed += seen.fault is not None
        print(f"{mistake.name}: {seen.fault or 'NOT NOTICED'} ({seen.states} states)", flush=True)
        if "--stories" in arguments:
            print(_story("", seen.story))
    print(
        f"{len(scenes)} scenes, {states:,} states, {wrong} faults;"
        f" {noticed} of {len(MISTAKES)} unsafe variants noticed"
    )
    return wrong + len(MISTAKES) - noticed


def _story(fault: str, story: list[str]) -> str:
    return "\n".join([*(f"  {line}" for line in story), f"  {fault}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
