"""Dates over HTTP: what is refused says what would do, what is accepted says when it goes out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.errors import UpstreamLookFailed, UpstreamUnreachable
from storyclip.domain.story import HeatMap
from storyclip.store.publishing import clips
from tests.web.conftest import NOON, good, nothing_recorded, rows

MADRID = "Europe/Madrid"
WEDNESDAY_EVENING = HeatMap(
    tuple(
        tuple(9 if (day, hour) == (2, 20) else 5 if hour == 13 else 1 for hour in range(24))
        for day in range(7)
    )
)


def on(at: str, timezone: str | None = MADRID, **more: Any) -> dict[str, Any]:
    named = {} if timezone is None else {"timezone": timezone}
    return good(schedule={"mode": "scheduled", "scheduledAt": at, **named, **more})


def best(count: int = 3, **more: Any) -> dict[str, Any]:
    return good(count, schedule={"mode": "bestTime", "timezone": MADRID, **more})


def of_nobody(**more: Any) -> dict[str, Any]:
    """For an account that Metricool does not list."""
    return good(settings={"accountId": "2000009"}, **more)


def dates(answer: Any) -> list[datetime | None]:
    return [clip.wished_for for clip in clips.of_batch(answer.get_json()["batchId"])]


def status(who: Any, answer: Any) -> Any:
    return who.get(answer.get_json()["links"]["status"]).get_json()


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return [(fault["pointer"], fault["detail"]) for fault in answer.get_json()["errors"]]


def test_a_local_time_is_answered_as_local_time_zone_and_utc(ana):
    answer = ana.publish(on("2026-12-02T18:00:00", intervalMinutes=5))

    schedule = {
        "mode": "scheduled",
        "scheduledAt": "2026-12-02T17:00:00.000Z",
        "localTime": "2026-12-02T18:00:00+01:00",
        "timezone": MADRID,
        "intervalMinutes": 5,
    }
    shown = status(ana, answer)
    assert answer.get_json()["schedule"] == schedule
    assert shown["schedule"] == schedule
    assert shown["publishMode"] == "scheduled"
    assert shown["scheduledFor"] == "2026-12-02T17:00:00.000Z"
    assert [clip["scheduledAt"] for clip in shown["clips"]] == [
        "2026-12-02T17:00:00.000Z",
        "2026-12-02T17:05:00.000Z",
        "2026-12-02T17:10:00.000Z",
    ]


def test_a_clip_a_day_goes_out_at_the_same_time_of_day_when_the_clocks_change(ana):
    asked = on("2027-03-27T18:00:00", intervalMinutes=1440)

    answer = ana.publish(asked)
    by_offset = ana.publish(on("2027-03-27T18:00:00+01:00", None, intervalMinutes=1440))

    assert dates(answer) == [
        datetime(2027, 3, 27 + day, 17 - (day > 0), tzinfo=UTC) for day in (0, 1, 2)
    ]
    assert dates(by_offset) == [datetime(2027, 3, 27 + day, 17, tzinfo=UTC) for day in (0, 1, 2)]


def test_a_clip_a_day_keeps_its_dates_through_pause_and_resume(ana):
    answer = ana.publish(on("2027-03-27T18:00:00", intervalMinutes=1440))
    asked_for, batch_id = dates(answer), answer.get_json()["batchId"]

    ana.post(f"/api/metricool/pause?batchId={batch_id}")
    resumed = ana.post(f"/api/metricool/resume?batchId={batch_id}")

    assert resumed.status_code == 200
    assert dates(answer) == asked_for


def test_a_browser_in_sydney_schedules_for_madrid(ana):
    by_offset = ana.publish(on("2026-12-03T05:00:00+11:00", None))
    in_madrid = ana.publish(on("2026-12-02T19:00:00"))
    mixed = ana.publish(on("2026-12-03T05:00:00+11:00"))

    assert by_offset.get_json()["schedule"]["localTime"] == "2026-12-03T05:00:00+11:00"
    assert in_madrid.get_json()["schedule"]["localTime"] == "2026-12-02T19:00:00+01:00"
    assert dates(by_offset) == dates(in_madrid)
    assert dates(in_madrid)[0] == datetime(2026, 12, 2, 18, tzinfo=UTC)
    assert "Europe/Madrid is at +01:00" in faults(mixed)[0][1]


def test_seconds_are_moved_up_to_the_next_minute_never_down(ana):
    answer = ana.publish(on("2026-12-02T18:00:30"))

    assert answer.get_json()["schedule"]["localTime"] == "2026-12-02T18:01:00+01:00"


def test_best_times_without_a_zone_are_meant_in_the_accounts(ana, metricool):
    metricool.heat = WEDNESDAY_EVENING

    answer = ana.publish(good(schedule={"mode": "bestTime"}))

    assert answer.status_code == 202
    assert answer.get_json()["schedule"]["timezone"] == MADRID
    assert metricool.asked == [("2000001", "facebook", MADRID)]


@pytest.mark.parametrize(
    ("schedule", "pointer", "said"),
    [
        (
            on("2027-03-28T02:30:00"),
            "/schedule/scheduledAt",
            "2027-03-28T02:30:00 is skipped in Europe/Madrid: the next time there is"
            " 2027-03-28T03:00:00+02:00",
        ),
        (
            on("2027-10-31T02:30:00"),
            "/schedule/scheduledAt",
            "2027-10-31T02:30:00 comes twice in Europe/Madrid: write 2027-10-31T02:30:00+02:00 or"
            " 2027-10-31T02:30:00+01:00",
        ),
        (on("2026-12-02T18:00:00", None), "/schedule/timezone", "required when scheduledAt has no"),
        (on("2026-12-02T18:00:00", "Mars/Base"), "/schedule/timezone", "expected the IANA name"),
        (on("tomorrow"), "/schedule/scheduledAt", ""),
        (on("2026-12-01T12:00:19Z"), "/schedule/scheduledAt", "20 s ahead or more"),
        (on("2028-01-01T12:00:00Z"), "/schedule/scheduledAt", "more than 365 days ahead"),
        (on("2026-12-02T18:00:00", intervalMinutes=0), "/schedule/intervalMinutes", ""),
        (on("2026-12-02T18:00:00", intervalMinutes=1.0), "/schedule/intervalMinutes", ""),
        (on("2026-12-02T18:00:00", distribution="spread"), "/schedule/distribution", "scheduled"),
        (on("2026-12-02T18:00:00", withinDays=3), "/schedule/withinDays", "scheduled"),
        (good(schedule={"mode": "scheduled"}), "/schedule/scheduledAt", "required"),
        (of_nobody(schedule={"mode": "bestTime"}), "/schedule/timezone", "required"),
        (best(scheduledAt="2026-12-02T18:00:00"), "/schedule/scheduledAt", "bestTime"),
        (best(withinDays=15), "/schedule/withinDays", ""),
        (good(schedule={"mode": "now", "timezone": MADRID}), "/schedule/timezone", "mode now"),
        (good(schedule={"mode": "later"}), "/schedule/mode", ""),
        (best(100, withinDays=1, intervalMinutes=60), "/schedule/withinDays", "does not fit"),
    ],
)
def test_a_date_that_makes_no_sense_is_refused_and_nothing_recorded(ana, schedule, pointer, said):
    answer = ana.publish(schedule)

    [(where, why)] = faults(answer)
    assert where == pointer
    assert said in why
    assert nothing_recorded()


def test_one_that_comes_twice_is_accepted_with_its_offset(ana):
    answer = ana.publish(on("2027-10-31T02:30:00+01:00"))

    assert answer.get_json()["schedule"]["scheduledAt"] == "2027-10-31T01:30:00.000Z"


def test_best_time_together_says_rule_slots_and_scores(ana, metricool):
    metricool.heat = WEDNESDAY_EVENING

    answer = ana.publish(best())

    schedule = answer.get_json()["schedule"]
    assert schedule["rule"] == "bestWindow"
    assert schedule["localTime"] == "2026-12-02T20:00:00+01:00"
    assert schedule["clips"][1] == {
        "index": 2,
        "scheduledAt": "2026-12-02T19:01:00.000Z",
        "localTime": "2026-12-02T20:01:00+01:00",
        "score": 9,
    }
    assert status(ana, answer)["schedule"] == schedule
    assert dates(answer) == [NOON + timedelta(days=1, hours=7, minutes=n) for n in range(3)]


def test_best_time_spread_takes_the_best_hours_in_time_order(ana, metricool):
    metricool.heat = WEDNESDAY_EVENING

    slots = ana.publish(best(distribution="spread")).get_json()["schedule"]["clips"]

    assert sorted(slot["score"] for slot in slots) == [5, 5, 9]
    assert [slot["scheduledAt"] for slot in slots] == sorted(s["scheduledAt"] for s in slots)


def test_a_map_that_advises_nothing_leads_to_daytime_and_says_so(ana):
    schedule = ana.publish(best()).get_json()["schedule"]

    assert (schedule["rule"], schedule["localTime"]) == ("daytime", "2026-12-01T14:00:00+01:00")


@pytest.mark.parametrize(
    ("trouble", "status_code"),
    [(UpstreamUnreachable("no route"), 503), (UpstreamLookFailed("a page"), 502)],
)
def test_without_metricool_s_advice_nothing_is_recorded(ana, metricool, trouble, status_code):
    metricool.trouble = trouble

    answer = ana.publish(best())

    assert answer.status_code == status_code
    assert "Nothing was changed" in answer.get_json()["detail"]
    assert nothing_recorded()


def test_a_repeat_gets_the_same_bytes_though_metricool_is_gone_and_the_date_over(
    ana, metricool, clock
):
    metricool.heat = WEDNESDAY_EVENING
    key = {"Idempotency-Key": "k1"}
    first = ana.publish(best(), headers=key)
    metricool.trouble = UpstreamUnreachable("no route")
    clock.move(30 * 3600)

    again = ana.publish(best(), headers=key)

    assert again.data == first.data
    assert rows("publish_batches") == 1


def test_the_heat_map_is_asked_for_once_an_hour_for_each_account_network_and_zone(
    ana, metricool, clock
):
    ana.publish(best())
    clock.move(3599)
    ana.publish(best())
    ana.publish(best() | {"settings": {"accountId": "2000001", "network": "instagram"}})
    clock.move(1)
    ana.publish(best())

    assert metricool.asked == [
        ("2000001", "facebook", MADRID),
        ("2000001", "instagram", MADRID),
        ("2000001", "facebook", MADRID),
    ]


def test_trouble_is_remembered_for_five_seconds_in_place_of_a_heat_map(ana, metricool, clock):
    metricool.trouble = UpstreamUnreachable("no route")
    ana.publish(best())
    metricool.trouble = None

    clock.move(4.9)
    assert ana.publish(best()).status_code == 503
    clock.move(0.1)
    assert ana.publish(best()).status_code == 202


def test_best_times_shows_the_week_and_the_next_good_hours(ana, metricool):
    metricool.heat = WEDNESDAY_EVENING

    shown = ana.get("/api/metricool/best-times?accountId=2000001&network=instagram").get_json()

    assert (shown["success"], shown["timezone"]) == (True, MADRID)
    assert [day["dayOfWeek"] for day in shown["days"]] == [1, 2, 3, 4, 5, 6, 7]
    assert shown["days"][2]["hours"][20] == 9
    assert {"startsAt": "2026-12-02T19:00:00.000Z", "value": 9} in shown["next"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("network=facebook", "/accountId"),
        ("accountId=x", "/accountId"),
        ("accountId=2000001&network=tiktok", "/network"),
        ("accountId=2000001&timezone=Mars/Base", "/timezone"),
        ("accountId=2000009", "/timezone"),
    ],
)
def test_best_times_refuses_what_it_cannot_know(ana, query, pointer):
    assert [where for where, _ in faults(ana.get(f"/api/metricool/best-times?{query}"))] == [
        pointer
    ]


def test_eight_stories_with_five_left_are_refused_with_the_numbers_and_the_time(ana, clock):
    instagram = {"accountId": "2000001", "network": "instagram"}
    for _ in range(45):
        assert ana.publish(good(1, settings=instagram)).status_code == 202
    clock.move(60)
    before = rows("publish_batches")

    refused = ana.publish(good(8, settings=instagram))
    fitting = ana.publish(good(5, settings=instagram))

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "quota_exceeded")
    assert (problem["limit"], problem["left"], problem["asked"]) == (50, 5, 8)
    assert problem["enoughAt"] == "2026-12-02T12:01:00.000Z"
    assert "5 are left, and 8 are asked for" in problem["detail"]
    assert fitting.status_code == 202
    assert rows("publish_batches") == before + 1
