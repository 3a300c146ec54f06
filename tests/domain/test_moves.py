"""A move has all its columns, each by its name and of its kind: mypy refuses the rest."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from storyclip.domain import moves
from storyclip.domain.clip import Clip, Event, NoSuchEdge, State
from storyclip.domain.clip_words import quoted
from storyclip.domain.moves import later
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from tests.domain.making import T0, a_clip

ROOT = Path(__file__).parent.parent.parent
BREACH = """
from dataclasses import replace
from storyclip.domain.clip import Clip
from storyclip.domain.moves import Move
def moved(clip: Clip) -> Move:
    return Move(clip, replace(clip, {column}), None)
"""
KEPT = {"id", "batch_id", "index", "lane", "client_id", "source_url", "title", "sends"}
OURS = {"state", "revision", "next_at", "rung_at", "wished_for", "order_waived", "published_at"}


@pytest.mark.timeout(120)
def test_a_misspelt_or_mistyped_column_is_an_error_of_the_checks(tmp_path: Path):
    right, misspelt, mistyped = "attempts=1", "atempts=1", 'attempts="1"'
    for number, column in enumerate((right, misspelt, mistyped)):
        (tmp_path / f"breach_{number}.py").write_text(BREACH.format(column=column))

    files = [str(file) for file in sorted(tmp_path.glob("*.py"))]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *files]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "breach_0" not in checked.stdout
    assert 'breach_1.py:6: error: Unexpected keyword argument "atempts"' in checked.stdout
    assert 'breach_2.py:6: error: Argument "attempts"' in checked.stdout


def test_what_begins_anew_has_forgotten_everything_of_before():
    post = Post(
        "1", Network.FACEBOOK, ("https://static.metricool.com/1.mp4",), T0, PostStatus.PENDING
    )
    clip = a_clip(1, State.PENDING, wished_for=T0)
    sent = moves.intended(clip, "https://static.metricool.com/1.mp4", T0, "w", T0, T0).after
    there = moves.taking_back(moves.accepted(sent, post, T0).after, post, T0).after

    back = moves.recalled(there, T0).after

    forgotten = {field.name for field in fields(Clip)} - KEPT - OURS
    fresh = a_clip(1)
    assert {name: getattr(back, name) for name in forgotten} == {
        name: getattr(fresh, name) for name in forgotten
    }
    assert back.sends == 1


def test_a_clip_put_back_keeps_no_date_that_was_surely_not_taken():
    clip = moves.intended(a_clip(), "https://a.example/1", T0, "w", T0, T0).after

    back = moves.postponed(clip, later(T0), quoted("429"), T0)

    assert (back.after.plans, back.after.attempts, back.after.worker) == ((), 0, None)
    assert back.is_void


def test_a_move_along_no_edge_is_a_mistake_of_ours():
    with pytest.raises(NoSuchEdge):
        moves.seen_live(replace(a_clip(), state=State.PENDING), _post(), T0)


def test_who_holds_a_clip_keeps_it_only_while_it_is_in_hand():
    clip = moves.claimed(a_clip(), "w", T0).after

    assert clip.worker == "w"
    assert moves.unanswered(clip, quoted("no answer"), T0).after.worker is None
    assert moves.claimed(a_clip(), "w", T0).event is Event.CLAIMED


def _post() -> Post:
    return Post("1", Network.FACEBOOK, (), T0, PostStatus.PUBLISHED)
