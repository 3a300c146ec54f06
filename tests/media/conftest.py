"""Small stories, so that encoding them costs little; one test makes them in full size."""

from __future__ import annotations

import pytest

from storyclip.media import mend as mend_module
from storyclip.media.ffmpeg import Bounds

ONE_CORE = Bounds(threads=1)


@pytest.fixture
def small(monkeypatch):
    """Stories of the least width that is taken."""
    monkeypatch.setattr(mend_module, "SIZE", (540, 960))
