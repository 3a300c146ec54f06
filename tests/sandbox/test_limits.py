"""Who may call how often, and how many posts go out in a month."""

import json
import threading

import pytest

from tests.eventually import eventually
from tests.sandbox.conftest import ACCOUNT, Metricool
from tests.sandbox.here import NOON, Here, at


def month_count(here: Here) -> int:
    data = json.loads(here.ask("GET", "v2/scheduler/counters").body)["data"]
    count: int = data["monthPublishedPostsByBrand"][ACCOUNT]
    return count


def test_the_months_counter_counts_what_was_published_also_over_a_restart():
    here = Here()
    here.created(here.story(60))
    here.created(here.story(60))
    here.created(here.story(600))

    here.advance(120)

    assert month_count(here) == month_count(here.restarted()) == 2


def test_the_months_counter_can_be_set_and_begins_anew_with_the_month():
    here = Here()
    here.sandbox.world.set_month_count(ACCOUNT, 598, at(0))
    here.created(here.story(60))
    here.advance(120)

    assert month_count(here) == month_count(here.restarted()) == 599
    here.advance(31 * 86_400)
    assert month_count(here) == 0


@pytest.mark.parametrize("most", [None, 3])
def test_above_the_fair_use_a_post_stays_pending_without_a_word_until_it_is_let_go(most):
    here = Here({"fault": "month_full", "most": most})
    here.sandbox.world.set_month_count(ACCOUNT, (most or 600) - 1, at(0))
    here.created(here.story(60))
    late = here.created(here.story(120))

    here.advance(3600)

    assert len(here.ledger("published")) == 1
    got = here.get(late["id"])
    assert got is not None
    assert got["providers"] == late["providers"]
    here.sandbox.world.set_month_count(ACCOUNT, 0, at(3600))
    here.advance(5)
    assert [line["postId"] for line in here.ledger("published")][-1] == late["id"]


def test_the_counter_can_be_set_over_http(start, client_of):
    metricool: Metricool = client_of(start(clock=NOON))

    metricool.sandbox.ask("POST", "counters", {"account": ACCOUNT, "published": 700})
    metricool.sandbox.restart()

    data = metricool.call("GET", "v2/scheduler/counters").json()["data"]
    assert data["monthPublishedPostsByBrand"][ACCOUNT] == 700


@pytest.mark.parametrize("missing", ["userId", "blogId"])
def test_a_call_that_does_not_name_user_and_brand_may_be_401(missing):
    here = Here({"fault": "unnamed_brand_401"})
    ours = here.created()

    answer = here.ask("GET", f"v2/scheduler/posts/{ours['id']}", **{missing: None})

    assert answer.status == 401
    assert here.get(ours["id"]) == ours
    assert here.ask("GET", "admin/simpleProfiles", **{missing: None}).status == 200
    assert here.ask("GET", "v2/settings/brands", **{missing: None}).status == 200


def test_calls_of_one_token_may_be_too_fast_whatever_they_are_about():
    here = Here({"fault": "too_fast", "seconds": 0.4})
    window = {"start": "2026-12-01T00:00:00", "end": "2026-12-02T00:00:00"}

    def statuses() -> list[int]:
        ours = here.post()
        other = here.ask("GET", "v2/scheduler/posts", blogId="2000002", **window)
        return [ours.status, other.status]

    assert statuses() == [200, 429]
    here.advance(0.39)
    assert statuses() == [429, 429]
    here.advance(0.01)
    assert statuses() == [200, 429]


def test_calls_may_be_too_many_at_once(metricool: Metricool):
    metricool.sandbox.fault(fault="too_many_at_once", most=1)
    metricool.sandbox.fault(fault="delay_before_create", seconds=60, times=1)
    waiting = threading.Thread(target=_post_alone, args=(metricool,))
    waiting.start()
    eventually(lambda: metricool.sandbox.counts()["concurrent"])

    assert metricool.get(5).status_code == 429
    metricool.sandbox.advance(60)
    waiting.join()
    assert metricool.get(5).status_code == 404


def test_a_call_handled_late_is_under_way_until_then():
    here = Here(
        {"fault": "too_many_at_once", "most": 1},
        {"fault": "delay_before_create", "seconds": 60, "times": 1},
    )
    here.post()

    assert here.ask("GET", "v2/settings/brands").status == 429
    here.advance(60)
    assert here.ask("GET", "v2/settings/brands").status == 200


def test_every_call_may_be_busy():
    here = Here({"fault": "busy_429", "call": "any"})

    assert here.post().status == 429
    assert here.delete(5).status == 429
    assert here.ask("GET", "v2/settings/brands").status == 429


def _post_alone(metricool: Metricool) -> None:
    other = Metricool(metricool.sandbox, metricool.noon)
    with other.http:
        other.post(other.story(in_s=600))
