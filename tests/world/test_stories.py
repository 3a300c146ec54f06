"""The sequences that the world found on the heart as it was: each ends well now."""

from __future__ import annotations

import pytest

from tests.world import stories

KEPT = sorted(path.stem for path in stories.FOLDER.glob("*.json"))


def test_the_stories_are_there():
    assert len(KEPT) > 20


@pytest.mark.parametrize("name", KEPT)
def test_it_ends_well_now(name: str):
    history = stories.kept(stories.FOLDER / f"{name}.json").replay()

    assert history.taken, "nothing of it happened: the story is not told any more"
    assert history.findings == []
