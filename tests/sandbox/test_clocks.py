"""Metricool's own clock, its Date header, and the zone that it shows dates in."""

import pytest

from storyclip.sandbox.clock import from_rfc3339
from tests.sandbox.conftest import Metricool
from tests.sandbox.here import NOON, Here, at


@pytest.mark.parametrize(("skew_s", "date"), [(600, "12:10:00"), (-600, "11:50:00")])
def test_metricools_own_clock_dates_its_answers(skew_s, date):
    here = Here()
    here.sandbox.world.set_skew(skew_s * 1000, at(0))

    ours = here.post()

    assert ours.headers["Date"] == f"Tue, 01 Dec 2026 {date} GMT"


@pytest.mark.parametrize(("skew_s", "planned_s", "status"), [(600, 540, 400), (-600, -540, 200)])
def test_metricools_own_clock_tells_what_is_past(skew_s, planned_s, status):
    here = Here()
    here.sandbox.world.set_skew(skew_s * 1000, at(0))

    assert here.post(here.story(planned_s)).status == status


@pytest.mark.parametrize(("skew_s", "out_at"), [(600, "11:55:05"), (-600, "12:15:05")])
def test_metricools_own_clock_publishes_also_what_was_made_before_it_went_wrong(skew_s, out_at):
    here = Here()
    here.sandbox.clock.freeze(at(-1800))
    here.created(here.story(300))

    here.sandbox.world.set_skew(skew_s * 1000, at(-1800))
    here.advance(7200)

    assert [line["time"][11:19] for line in here.ledger("published")] == [out_at]


def test_a_clock_that_is_set_right_publishes_in_time_again():
    here = Here()
    here.sandbox.world.set_skew(-3_600_000, at(0))
    here.created(here.story(300))
    here.advance(60)

    here.sandbox.world.set_skew(0, at(60))
    here.advance(3600)

    assert [line["time"][11:19] for line in here.ledger("published")] == ["12:05:05"]


def test_metricools_clock_can_be_wrong_over_http_and_stays_so_over_a_restart(start, client_of):
    metricool: Metricool = client_of(start(clock=NOON))
    metricool.sandbox.set_skew(120)
    metricool.sandbox.restart()

    answer = metricool.call("GET", "v2/settings/brands")

    assert answer.headers["Date"] == "Tue, 01 Dec 2026 12:02:00 GMT"


def test_answers_may_lack_a_date(metricool: Metricool):
    metricool.sandbox.fault(fault="no_date", call="create", times=1)
    metricool.sandbox.fault(fault="slow_drip_answer", seconds=0.05, times=1)

    without, with_date = metricool.post(), metricool.post()

    assert "Date" not in without.headers
    assert without.json()["data"]["id"]
    assert "Date" in with_date.headers
    metricool.sandbox.fault(fault="no_date")
    assert "Date" not in metricool.call("GET", "v2/settings/brands").headers


def test_posts_may_be_shown_in_their_brands_zone_whatever_was_sent():
    here = Here({"fault": "show_in_brand_zone"})

    ours = here.created(here.story(120))

    assert ours["publicationDate"] == {
        "dateTime": "2026-12-01T13:02:00",
        "timezone": "Europe/Madrid",
    }
    assert [post["publicationDate"] for post in here.listed()] == [ours["publicationDate"]]
    assert here.get(ours["id"]) == ours


def test_in_the_hour_that_comes_twice_two_moments_are_shown_alike():
    here = Here({"fault": "show_in_brand_zone"})
    here.sandbox.clock.freeze(from_rfc3339("2027-10-30T12:00:00Z"))
    first = {"dateTime": "2027-10-31T00:30:00", "timezone": "UTC"}
    second = {"dateTime": "2027-10-31T01:30:00", "timezone": "UTC"}

    early = here.created(here.story(publicationDate=first))
    late = here.created(here.story(publicationDate=second))

    assert early["publicationDate"] == late["publicationDate"]
    assert late["publicationDate"]["dateTime"] == "2027-10-31T02:30:00"
    here.advance(86_400)
    assert [line["time"][11:16] for line in here.ledger("published")] == ["00:30", "01:30"]
