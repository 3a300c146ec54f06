"""Quotas are waited for in order and in words, and every change that can be seen is told."""

from __future__ import annotations

import pytest

from storyclip.domain.batch import Status
from storyclip.sandbox.process import SandboxProcess
from tests.flow.acts import (
    DAY_S,
    FAILED,
    PENDING,
    PUBLISHED,
    all_events,
    assert_told,
    dated,
    hand,
    live_on,
    on_sqlite,
    sources,
    until,
)
from tests.flow.conftest import Stage
from tests.flow.test_retry import retry

pytestmark = on_sqlite


@pytest.fixture
def of_four(store: str, sandbox: SandboxProcess) -> Stage:
    """A stage on which an account may publish four stories in 24 hours."""
    return Stage(sandbox, STORYCLIP_QUOTA_24H="4")


@pytest.mark.parametrize(("first", "second"), [(3, 3), (6, 2)])
def test_two_batches_that_meet_the_quota_wait_in_their_order_and_say_so(
    of_four: Stage, first: int, second: int
):
    stage = of_four
    stage.accept(first, network="instagram")
    stage.accept(second, network="instagram", name="b2")
    ours = sources(*range(1, first + 1)) + sources(*range(1, second + 1), name="b2")

    live_on(stage, 1200)
    waiting = next(c for n in ("b1", "b2") for c in stage.clips(n) if c.state is PENDING)
    assert stage.live(network="instagram") == ours[:4]
    assert_told(stage, "b1", "b2")
    live_on(stage, 3 * DAY_S)

    assert "Instagram takes 4 stories" in (waiting.error or "")
    assert waiting.error in [
        event["clip"]["error"] for event in all_events(waiting.batch_id) if event["clip"]
    ]
    assert stage.live(network="instagram") == ours
    assert stage.states() == [PUBLISHED] * first
    assert stage.states("b2") == [PUBLISHED] * second
    assert_told(stage, "b1", "b2")


def test_a_batch_paused_while_it_waits_for_the_quota_goes_on_in_order(of_four: Stage):
    stage = of_four
    stage.accept(6, network="instagram")
    live_on(stage, 900)
    hand(stage).pause(stage.batch())
    live_on(stage, 2 * DAY_S)

    hand(stage).resume(stage.batch())
    live_on(stage, 900)

    assert stage.live(network="instagram") == sources(*range(1, 7))
    assert stage.states() == [PUBLISHED] * 6
    assert_told(stage)


@pytest.mark.parametrize("fault", ["list_fails", "token_revoked"])
def test_what_holds_up_a_story_is_told_once_and_again_when_it_is_something_else(
    stage: Stage, fault: str
):
    stage.sandbox.fault(fault="network_error", words="Error validating access token", times=1)
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.fault(fault=fault, **({"status": 503} if fault == "list_fails" else {}))
    retry(stage, 1)
    begun = len(all_events("b1"))

    live_on(stage, 1500)
    said_once = len(all_events("b1")) - begun
    stage.sandbox.clear_faults()
    stage.sandbox.fault(fault="list_fails", status=500)
    live_on(stage, 1500)
    said_anew = len(all_events("b1")) - begun - said_once
    looks = len([one for one in stage.sandbox.requests() if one["path"].endswith("/posts")])
    assert_told(stage)
    stage.sandbox.clear_faults()
    live_on(stage, 300)

    assert (said_once, said_anew) == (1, 1)
    assert looks < 200
    assert stage.live() == sources(1)
    assert_told(stage)


def test_a_batch_says_what_is_wrong_with_a_clip_that_is_failed_still(stage: Stage):
    for index, words in enumerate(("no such codec", "no such file", "too long"), 1):
        times = {} if index < 3 else {"times": 1}
        stage.sandbox.fault(fault="refuse", words=words, source=sources(index)[0], **times)
    stage.accept(3)
    live_on(stage, 300)
    said_of_all = stage.batch().error

    retry(stage, 3)
    said_while_it_waits = stage.batch().error
    live_on(stage, 300)

    assert stage.states() == [FAILED, FAILED, PUBLISHED]
    assert said_of_all == "too long"
    assert (said_while_it_waits, stage.batch().error) == ("no such file", "no such file")


def test_a_batch_that_paused_itself_for_nothing_says_why_and_goes_on_when_it_is_resumed(
    stage: Stage,
):
    stage.sandbox.fault(fault="publishing_for_long", seconds=200, source=sources(1)[0])
    stage.accept(2, on_failure="pause")
    until(stage, FAILED)
    alarm = stage.batch().error

    live_on(stage, 3000)
    healed = stage.batch()
    hand(stage).resume(stage.batch())
    live_on(stage, 300)

    assert "did not report it live" in (alarm or "")
    assert (healed.status, healed.published) == (Status.PAUSED, 1)
    assert "clip 1 was called failed. It is not any more" in (healed.error or "")
    assert stage.live() == sources(1, 2)
    assert (stage.batch().status, stage.batch().error) == (Status.COMPLETED, None)
    assert_told(stage)


def test_every_change_that_a_reader_can_see_has_its_event(stage: Stage):
    stage.sandbox.fault(fault="refuse", words="no such codec", source=sources(2)[0], times=1)
    stage.sandbox.fault(fault="create_then_drop", source=sources(3)[0], times=1)
    stage.sandbox.fault(fault="busy_429", call="create", source=sources(4)[0], times=2)
    stage.sandbox.fault(fault="publishing_for_long", seconds=30, source=sources(5)[0], times=1)
    dated(stage, 6, ahead_s=150)
    acts = {
        10: lambda: stage.sandbox.person("edit", postId=int(str(stage.clips()[0].post_id))),
        40: lambda: hand(stage).pause(stage.batch()),
        60: lambda: hand(stage).resume(stage.batch()),
        80: lambda: retry(stage, 2),
    }

    for second in range(0, 1200, 5):
        acts.get(second, int)()
        stage.pass_time(5)
        assert_told(stage)

    assert stage.live() == sources(1, 2, 3, 4, 5, 6)
    assert stage.states() == [PUBLISHED] * 6
    assert stage.batch().status is Status.COMPLETED
