"""What is sent for somebody is nobody's act: sending writes nothing into the audit."""

from __future__ import annotations

from storyclip.domain.act import Action
from storyclip.store import acts
from storyclip.store.acts import Wanted
from tests.flow.acts import PUBLISHED, on_sqlite
from tests.flow.conftest import Stage, sandbox, stage

__all__ = ["sandbox", "stage"]

pytestmark = on_sqlite


def done() -> list[str]:
    """What was done since there is the user."""
    every = [act.action for act in acts.newest(Wanted(), 100)]
    return [action for action in every if action != Action.USER_MAKE]


def test_a_batch_that_is_published_has_the_one_row_of_who_asked_for_it(stage: Stage):
    stage.accept(3)

    stage.pass_time(600)

    assert stage.states() == [PUBLISHED] * 3
    assert done() == [Action.BATCH_PUBLISH]


def test_a_batch_that_pauses_itself_is_nobodys_act(stage: Stage):
    stage.sandbox.fault(fault="refuse", words="no")
    stage.accept(2, on_failure="pause")

    stage.pass_time(60)

    assert stage.batch().pause_requested_at is not None
    assert done() == [Action.BATCH_PUBLISH]
