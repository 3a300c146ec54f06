"""Histories worth keeping: a scenario and its disturbances in a file, with a name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world.history import History, run
from tests.world.scenario import Scenario, from_json

FOLDER = Path(__file__).parent / "stories"


@dataclass(frozen=True)
class Story:
    """One kept history, and what was once wrong with it."""

    name: str
    kind: str
    what: str
    sentence: str
    commit: str
    scenario: Scenario
    allowed: tuple[str, ...]

    def replay(self, *, telling: bool = False) -> History:
        """Run it again."""
        return run(self.scenario, self.allowed, telling=telling)


def keep(story: Story) -> Path:
    """Write a story into its file, and return which."""
    said: dict[str, Any] = {
        "kind": story.kind,
        "what": story.what,
        "sentence": story.sentence,
        "commit": story.commit,
        "scenario": story.scenario.as_json(),
        "allowed": list(story.allowed),
    }
    path = FOLDER / f"{story.name}.json"
    path.write_text(json.dumps(said, indent=2) + "\n")
    return path


def kept(path: Path) -> Story:
    """Return the story in a file."""
    said = json.loads(path.read_text())
    return Story(
        name=path.stem,
        kind=said["kind"],
        what=said["what"],
        sentence=said["sentence"],
        commit=said["commit"],
        scenario=from_json(said["scenario"]),
        allowed=tuple(said["allowed"]),
    )


def all_kept() -> list[Story]:
    """Return all stories, by name."""
    return [kept(path) for path in sorted(FOLDER.glob("*.json"))]
