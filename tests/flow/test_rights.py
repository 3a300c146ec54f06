"""Rights that are taken away while a clip waits, is prepared, or has its date at Metricool."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import State
from storyclip.domain.errors import RetrySafety
from storyclip.domain.names import EVERY, NONE, names
from storyclip.domain.session import Entry, Visit
from storyclip.domain.user import Role
from storyclip.flow import rights
from storyclip.flow.retry import Retry
from storyclip.store.access import password_links, sessions, users
from storyclip.store.publishing import wishes
from tests.flow.acts import created_by_us, deleted_by_us, die, slowly
from tests.flow.conftest import ACCOUNT, Stage, source
from tests.flow.test_recall import ALL, handed_over
from tests.people import USUAL, known, of

Taken = Callable[[Stage], object]
TAKEN: dict[str, Taken] = {
    "disabled": lambda stage: rights.disable("ana", stage.at, cancels=False),
    "viewer": lambda stage: rights.set_role("ana", Role.VIEWER, stage.at),
    "other accounts": lambda stage: rights.set_accounts("ana", names({"7"}), stage.at),
    "no account": lambda stage: rights.set_accounts("ana", NONE, stage.at),
}
FORBIDDEN = ("account_not_allowed", RetrySafety.SAFE)


@pytest.fixture(params=TAKEN, ids=str)
def taken(request: pytest.FixtureRequest) -> Taken:
    return TAKEN[request.param]


def reasons(stage: Stage, name: str = "b1") -> list[tuple[str | None, RetrySafety | None]]:
    return [(clip.error_code, clip.retry_safety) for clip in stage.clips(name)]


def test_what_waits_for_its_turn_fails_within_a_second_and_says_why(stage: Stage, taken: Taken):
    stage.accept(4)

    taken(stage)
    stage.pass_time(1)

    assert stage.states() == [State.FAILED] * 4
    assert reasons(stage) == [FORBIDDEN] * 4
    assert created_by_us(stage) == []
    words = stage.clips()[0].error or ""
    assert "may not publish on account" in words
    assert "not sent" in words
    assert "Ask for it again" in words
    assert stage.batch().status is Status.FAILED


def test_what_has_its_date_at_metricool_is_taken_back_within_a_second(stage: Stage, taken: Taken):
    handed_over(stage)

    taken(stage)
    stage.pass_time(1)

    assert sorted(deleted_by_us(stage)) == ALL
    assert reasons(stage) == [FORBIDDEN] * 3
    assert all("taken back from Metricool" in (clip.error or "") for clip in stage.clips())
    stage.pass_time(3 * 3600)
    assert stage.live() == []


def test_what_went_out_before_stays_and_the_rest_fails(stage: Stage, taken: Taken):
    stage.accept(3)
    stage.pass_time(75)
    out = stage.live()
    assert 1 <= len(out) < 3

    taken(stage)
    stage.pass_time(600)

    assert stage.live() == out
    assert {clip.state for clip in stage.clips()} == {State.PUBLISHED, State.FAILED}
    assert stage.batch().status is Status.COMPLETED


def test_rights_that_go_while_its_file_is_copied_stop_it_before_its_intent(
    stage: Stage, taken: Taken
):
    stage.accept(1)

    with slowly(stage, "prepare_media", before=partial(taken, stage)):
        stage.play()
    stage.pass_time(1)

    assert created_by_us(stage) == []
    assert reasons(stage) == [FORBIDDEN]


def test_rights_that_go_while_it_is_posted_have_it_taken_back(stage: Stage, taken: Taken):
    first = stage.at + timedelta(hours=1)
    stage.accept(1, dates=[first])

    with slowly(stage, "submit_story", before=partial(taken, stage)):
        stage.play()
    stage.pass_time(1)

    assert created_by_us(stage) == deleted_by_us(stage) == ALL[:1]
    assert reasons(stage) == [FORBIDDEN]


def test_rights_that_only_the_rows_lost_stop_it_all_the_same(stage: Stage):
    stage.accept(2)
    users.set_accounts("ana", NONE, stage.at)  # as by hand, without a word to anybody

    stage.pass_time(120)

    assert created_by_us(stage) == []
    assert reasons(stage) == [FORBIDDEN] * 2


def test_a_user_that_there_is_not_publishes_nothing(stage: Stage):
    stage.accept(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "find", lambda user_id: None)
        patch.setattr(users, "user_of", lambda row: None)
        stage.pass_time(5)

    assert reasons(stage) == [FORBIDDEN]


def test_another_user_of_the_lane_goes_on(stage: Stage, taken: Taken):
    stage.accept(3, name="b1")
    stage.accept(2, name="b2", user="bea")

    taken(stage)
    stage.pass_time(300)

    assert stage.live() == [source("b2", 1), source("b2", 2)]
    assert reasons(stage) == [FORBIDDEN] * 3


def test_another_account_of_the_user_goes_on(stage: Stage):
    stage.accept(1, name="b1")
    stage.accept(1, name="b2", account="2000002")

    rights.set_accounts("ana", names({"2000002"}), stage.at)
    stage.pass_time(120)

    assert stage.live() == []
    assert stage.live("2000002") == [source("b2", 1)]


def test_a_batch_that_pauses_at_a_failure_ends_as_well(stage: Stage, taken: Taken):
    stage.accept(3, on_failure="pause")

    taken(stage)
    stage.pass_time(1)

    assert reasons(stage) == [FORBIDDEN] * 3


def test_a_paused_batch_ends_as_well(stage: Stage, taken: Taken):
    handed_over(stage)
    wishes.pause("b1", of("ana"), stage.at)
    stage.pass_time(30)

    taken(stage)
    stage.pass_time(1)

    assert reasons(stage) == [FORBIDDEN] * 3


def test_what_is_cancelled_is_cancelled(stage: Stage, taken: Taken):
    handed_over(stage)
    wishes.cancel("b1", of("ana"), stage.at)

    taken(stage)
    stage.pass_time(30)

    assert stage.states() == [State.CANCELLED] * 3


def test_with_the_right_given_back_it_can_be_asked_for_again(stage: Stage):
    stage.accept(2)
    rights.set_accounts("ana", NONE, stage.at)
    stage.pass_time(1)

    rights.set_accounts("ana", EVERY, stage.at)
    again = Retry(stage.upstream, stage.settings, stage.at, of("ana"), None)
    again(stage.batch(), None, order_may_change=False)
    stage.pass_time(300)

    assert stage.live() == ALL[:2]


def test_what_was_taken_back_for_a_right_is_not_called_deleted_by_somebody(stage: Stage):
    handed_over(stage)
    rights.set_role("ana", Role.VIEWER, stage.at)
    stage.pass_time(1)
    rights.set_role("ana", Role.PUBLISHER, stage.at)
    again = Retry(stage.upstream, stage.settings, stage.at, of("ana"), None)
    again(stage.batch(), 1, order_may_change=True)
    stage.pass_time(5)
    before = [clip.error for clip in stage.clips()[1:]]

    wishes.pause("b1", of("ana"), stage.at)
    stage.pass_time(60)

    assert [clip.error for clip in stage.clips()[1:]] == before
    assert reasons(stage)[1:] == [FORBIDDEN] * 2


def test_a_disabled_user_s_batches_can_be_cancelled_with_it(stage: Stage):
    handed_over(stage)
    stage.accept(2, name="b2", user="bea")

    assert list(rights.disable("ana", stage.at, cancels=True)) == []
    stage.pass_time(300)

    assert stage.states() == [State.CANCELLED] * 3
    assert stage.live() == [source("b2", 1), source("b2", 2)]


@pytest.mark.parametrize("call", ["delete_post", "deleted_posts"])
def test_killed_in_the_middle_of_it_it_ends_the_same(stage: Stage, call: str):
    handed_over(stage)
    rights.disable("ana", stage.at, cancels=False)

    with slowly(stage, call, after=die), pytest.raises(KeyboardInterrupt):
        stage.play()
    stage.pass_time(300)

    assert sorted(deleted_by_us(stage)) == ALL
    assert reasons(stage) == [FORBIDDEN] * 3
    stage.pass_time(3 * 3600)
    assert stage.live() == []


def test_a_right_that_comes_back_before_anything_was_done_changes_nothing(stage: Stage):
    known("ana", stage.at)
    stage.accept(2)
    rights.set_accounts("ana", NONE, stage.at)

    rights.set_accounts("ana", names({ACCOUNT}), stage.at)
    stage.pass_time(300)

    assert stage.live() == ALL[:2]


def test_what_let_in_who_was_disabled_is_not_good_again_once_they_are_enabled(stage: Stage):
    known("ana", stage.at)
    link = password_links.issue("ana", stage.at)
    visit = Visit(Entry.PASSWORD, None, "", USUAL)
    token = sessions.begin("ana", None, stage.at, visit)

    rights.disable("ana", stage.at, cancels=False)
    users.enable("ana", stage.at)

    assert sessions.holder_of(token, stage.at) is None
    assert password_links.user_of(link, stage.at) is None
