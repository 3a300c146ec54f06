"""What people read of Metricool costs a call now and then, however often they ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from zoneinfo import available_timezones

import pytest

from storyclip.domain.errors import OverBudget, UpstreamUnreachable
from storyclip.domain.story import HeatMap
from tests.web.conftest import ACCOUNT, SmallMetricool, Someone

BRANDS = "/api/metricool/brands"
BEST = f"/api/metricool/best-times?accountId={ACCOUNT}&network=facebook"
# Tuesday at 20:00 in Madrid, and what is left of it on other clocks
TUESDAY_EVENING = HeatMap(
    tuple(tuple(8 if (day, hour) == (1, 20) else 0 for hour in range(24)) for day in range(7))
)


class Counting(SmallMetricool):
    """Counts who asks for the accounts."""

    times = 0

    def brands(self):
        self.times += 1
        return super().brands()


@pytest.fixture
def metricool() -> Counting:
    return Counting()


def test_a_thousand_brands_calls_are_one_to_metricool(app, ana, metricool):
    with ThreadPoolExecutor(8) as pool:
        people = [Someone(app.test_client(), ana.key) for _ in range(8)]
        codes = pool.map(lambda n: people[n % 8].get(BRANDS).status_code, range(1000))

        assert set(codes) == {200}
    assert metricool.times == 1


def test_the_list_is_a_minute_old_at_most_while_metricool_answers(ana, metricool, clock):
    ana.get(BRANDS)
    metricool.theirs[0] = replace(metricool.theirs[0], label="New name")
    clock.move(60)

    assert ana.get(BRANDS).get_json()["brands"][0]["label"] == "New name"


@pytest.mark.parametrize("trouble", [OverBudget(2), UpstreamUnreachable("gone")])
def test_the_list_of_before_is_shown_while_metricool_cannot_be_asked(
    ana, metricool, clock, trouble
):
    before = ana.get(BRANDS).get_json()
    clock.move(60)
    metricool.trouble = trouble

    assert [ana.get(BRANDS).get_json() for _ in range(20)] == [before] * 20
    assert metricool.times == 2


def test_without_an_answer_of_before_it_is_said_when_to_come(ana, metricool):
    metricool.trouble = OverBudget(2.3)

    refused = ana.get(BRANDS)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
    assert refused.get_json()["code"] == "upstream_budget"
    assert "Metricool was not asked" in refused.get_json()["detail"]


def test_each_zone_there_is_costs_one_call_together(ana, metricool):
    metricool.heat = TUESDAY_EVENING
    for zone in sorted(available_timezones())[::10]:
        ana.get(f"{BEST}&timezone={zone}")
    ana.get(BEST)

    assert metricool.asked == [(ACCOUNT, "facebook", "Europe/Madrid")]
    assert metricool.times == 1


@pytest.mark.parametrize(
    ("zone", "values"),
    [
        ("Europe/Madrid", {(2, 20): 8}),
        ("America/Bogota", {(2, 14): 8}),
        ("Pacific/Auckland", {(3, 8): 8}),
        ("Asia/Kolkata", {(3, 0): 4, (3, 1): 4}),
        ("Asia/Kathmandu", {(3, 0): 2, (3, 1): 6}),
    ],
)
def test_the_hours_are_those_of_the_zone_that_is_asked_for(ana, metricool, zone, values):
    metricool.heat = TUESDAY_EVENING

    days = ana.get(f"{BEST}&timezone={zone}").get_json()["days"]

    shown = {
        (day["dayOfWeek"], hour): value
        for day in days
        for hour, value in enumerate(day["hours"])
        if value
    }
    assert shown == values


def test_hours_are_known_even_where_the_accounts_own_zone_is_not(ana, metricool):
    metricool.heat = TUESDAY_EVENING
    metricool.theirs = []

    assert ana.get(f"{BEST}&timezone=UTC").get_json()["days"][1]["hours"][20] == 8
    assert metricool.asked == [(ACCOUNT, "facebook", "UTC")]
