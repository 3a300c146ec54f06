"""Small stories, so that encoding them costs little; one test makes them in full size."""

from __future__ import annotations

import pytest

from storyclip.media import judging
from storyclip.media import mend as mend_module
from storyclip.media.ffmpeg import Bounds

ONE_CORE = Bounds(threads=1)


@pytest.fixture
def small(monkeypatch):
    """Stories of a quarter of the width, which would be too small outside of tests."""
    monkeypatch.setattr(mend_module, "SIZE", (270, 480))
    monkeypatch.setattr(judging, "MIN_WIDTH", 270)
