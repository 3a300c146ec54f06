from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storyclip.domain.dates.instants import (
    AT,
    MAX_DAYS_AHEAD,
    ZONE,
    parse_instant,
    zone_named,
)
from storyclip.domain.errors import RequestInvalid
from tests.domain.making import T0

LEAD_S = 20
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
NAIVE = T0.replace(tzinfo=None)
INSTANTS = st.datetimes(NAIVE.replace(1980), NAIVE.replace(2100), timezones=st.just(UTC)).map(
    lambda instant: instant.replace(microsecond=0)
)


def parsed(text: str, zone: str | None = None, now: datetime = T0):
    return parse_instant(text, zone, now, LEAD_S)


def a_while_before(text: str) -> datetime:
    return datetime.fromisoformat(text[:10] + "T00:00:00+00:00") - timedelta(days=30)


def problem_of(text: str, zone: str | None = None, now: datetime = T0) -> tuple[str, str]:
    with pytest.raises(RequestInvalid) as caught:
        parsed(text, zone, now)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "zone", "utc", "echo"),
    [
        ("2026-12-01T18:00:00", "Europe/Madrid", "12-01T17:00", "2026-12-01T18:00:00+01:00"),
        ("2027-03-28T01:59:59", "Europe/Madrid", "03-28T00:59:59", "2027-03-28T01:59:59+01:00"),
        ("2027-03-28T03:00:00", "Europe/Madrid", "03-28T01:00", "2027-03-28T03:00:00+02:00"),
        ("2027-10-31T02:30:00+02:00", "Europe/Madrid", "10-31T00:30", "2027-10-31T02:30:00+02:00"),
        ("2027-10-31T02:30:00+01:00", "Europe/Madrid", "10-31T01:30", "2027-10-31T02:30:00+01:00"),
        ("2027-07-01T09:00:00", "America/Sao_Paulo", "07-01T12:00", "2027-07-01T09:00:00-03:00"),
        ("2027-12-25T09:00:00", "America/Sao_Paulo", "12-25T12:00", "2027-12-25T09:00:00-03:00"),
        ("2027-01-10T12:00", "Australia/Lord_Howe", "01-10T01:00", "2027-01-10T12:00:00+11:00"),
        ("2027-07-10T12:00", "Australia/Lord_Howe", "07-10T01:30", "2027-07-10T12:00:00+10:30"),
        (
            "2027-04-04T01:45+10:30",
            "Australia/Lord_Howe",
            "04-03T15:15",
            "2027-04-04T01:45:00+10:30",
        ),
        ("2027-02-03T18:00", "Asia/Kathmandu", "02-03T12:15", "2027-02-03T18:00:00+05:45"),
        ("2011-12-29T23:59:59", "Pacific/Apia", "12-30T09:59:59", "2011-12-29T23:59:59-10:00"),
        ("2011-12-31T00:00:00", "Pacific/Apia", "12-30T10:00", "2011-12-31T00:00:00+14:00"),
        ("2028-02-29T12:00:00", "Europe/Madrid", "02-29T11:00", "2028-02-29T12:00:00+01:00"),
        ("2028-02-29T23:30:00", "Pacific/Honolulu", "03-01T09:30", "2028-02-29T23:30:00-10:00"),
        ("2026-12-31T23:59:59", "Europe/Madrid", "12-31T22:59:59", "2026-12-31T23:59:59+01:00"),
        ("2027-01-01T00:30:00", "Europe/Madrid", "12-31T23:30", "2027-01-01T00:30:00+01:00"),
    ],
)
def test_a_wall_time_beside_a_zone_is_that_zones(text, zone, utc, echo):
    instant = parsed(text, zone, a_while_before(text))

    assert instant.utc.isoformat()[5:].removesuffix("+00:00").removesuffix(":00") == utc
    assert (instant.text, instant.timezone) == (echo, zone)
    assert instant.local == instant.utc


@pytest.mark.parametrize(
    ("text", "zone", "after"),
    [
        ("2027-03-28T02:00:00", "Europe/Madrid", "2027-03-28T03:00:00+02:00"),
        ("2027-03-28T02:30:00", "Europe/Madrid", "2027-03-28T03:00:00+02:00"),
        ("2027-03-28T02:30:00+01:00", "Europe/Madrid", "2027-03-28T03:00:00+02:00"),
        ("2018-11-04T00:30:00", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"),
        ("2027-10-03T02:15:00", "Australia/Lord_Howe", "2027-10-03T02:30:00+11:00"),
        ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
        ("2011-12-30T00:00:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_with_the_next_one(text, zone, after):
    now = a_while_before(text)

    pointer, detail = problem_of(text, zone, now)

    assert pointer == AT
    assert detail.endswith(f"is skipped in {zone}: the next time there is {after}")
    assert parsed(after, zone, now).text == after


@pytest.mark.parametrize(
    ("text", "zone", "both"),
    [
        (
            "2027-10-31T02:30:00",
            "Europe/Madrid",
            ("2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"),
        ),
        (
            "2018-02-17T23:10:00",
            "America/Sao_Paulo",
            ("2018-02-17T23:10:00-02:00", "2018-02-17T23:10:00-03:00"),
        ),
        (
            "2027-04-04T01:45:00",
            "Australia/Lord_Howe",
            ("2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"),
        ),
    ],
)
def test_a_time_that_comes_twice_is_refused_with_both_instants_and_either_is_taken(
    text, zone, both
):
    now = a_while_before(text)

    pointer, detail = problem_of(text, zone, now)

    assert pointer == AT
    assert detail.endswith(f"write {both[0]} or {both[1]}")
    first, second = (parsed(each, zone, now) for each in both)
    assert first.utc < second.utc
    assert (first.text, second.text) == both


@pytest.mark.parametrize("text", ["2027-10-31T01:59:59", "2027-10-31T03:00:00"])
def test_the_edges_of_a_doubled_hour_come_once(text):
    assert parsed(text, "Europe/Madrid", a_while_before(text)).text.startswith(text)


def test_a_browser_in_sydney_that_sends_its_own_offset_for_madrid_is_told_of_the_contradiction():
    pointer, detail = problem_of("2027-01-10T18:00:00+11:00", "Europe/Madrid")

    assert pointer == AT
    assert "Europe/Madrid is at +01:00 at 2027-01-10T18:00:00" in detail


def test_a_browser_in_sydney_that_sends_the_wall_time_of_madrid_gets_madrids():
    assert parsed("2027-01-10T18:00", "Europe/Madrid").utc == datetime(2027, 1, 10, 17, tzinfo=UTC)


def test_a_wrong_offset_in_a_doubled_hour_is_answered_with_both_of_the_zone():
    _, detail = problem_of("2027-10-31T02:30:00+00:00", "Europe/Madrid", T0)

    assert "is at +02:00 or +01:00 at" in detail


@pytest.mark.parametrize("utc", ["Z", "z", "-00:00", ".000Z"])
def test_utc_without_a_claim_about_the_place_fits_every_zone(utc):
    instant = parsed(f"2027-01-10T17:00:00{utc}", "Europe/Madrid")

    assert instant.text == "2027-01-10T18:00:00+01:00"


def test_the_offset_zero_is_a_claim_about_the_place():
    assert problem_of("2027-01-10T17:00:00+00:00", "Europe/Madrid")[0] == AT
    assert parsed("2027-01-10T17:00:00+00:00", "Atlantic/Reykjavik").utc.hour == 17


def test_an_offset_without_a_zone_is_enough():
    instant = parsed("2027-01-10T18:00:00-03:30")

    assert instant.utc == datetime(2027, 1, 10, 21, 30, tzinfo=UTC)
    assert (instant.text, instant.timezone) == ("2027-01-10T18:00:00-03:30", None)


def test_a_time_with_neither_offset_nor_zone_lacks_the_zone():
    assert problem_of("2027-01-10T18:00:00") == (ZONE, "required when scheduledAt has no offset")


@pytest.mark.parametrize("text", ["2027-01-10T18:00:59.999999999Z", "2027-01-10t18:00:59.9z"])
def test_fractions_are_cut_and_letters_may_be_small(text):
    assert parsed(text).text == "2027-01-10T18:00:59+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2027-01-10",
        "1799600000",
        "1799600000000",
        "2027-W02-1T18:00:00Z",
        "2027-010T18:00:00Z",
        "20270110T180000Z",
        "2027-01-10 18:00:00Z",
        " 2027-01-10T18:00:00Z",
        "2027-01-10T18:00:00Z\n",
        "2027-01-10T18:00:00 Z",
        "2027-01-10T18Z",
        "2027-1-10T18:00:00Z",
        "2027-01-10T18:00:00+0100",
        "2027-01-10T18:00:00+01",
        "2027-01-10T18:00:00+1:00",
        "2027-01-10T18:00:00+24:00",
        "2027-01-10T18:00:00+01:60",
        "2027-01-10T18:00:00\N{MINUS SIGN}01:00",
        "2027-01-10T18:00:00+01:00[Europe/Madrid]",
        "2027-01-10T18:00:00,5Z",
        "2027-01-10T18:00:00.Z",
        "2027-01-10T18:00:00.1234567890Z",
        "2027-01-10T24:00:00Z",
        "2027-01-10T18:60:00Z",
        "2026-12-31T23:59:60Z",
        "2027-02-29T18:00:00Z",
        "2027-13-01T18:00:00Z",
        "2027-00-10T18:00:00Z",
        "0000-01-10T18:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "+002027-01-10T18:00:00Z",
        "-2027-01-10T18:00:00Z",
        "٢٠٢٧-01-10T18:00:00Z",
    ],
)
def test_every_other_form_is_refused(text):
    assert problem_of(text)[0] == AT


@given(st.text(max_size=40), st.none() | st.text(max_size=40))
@example("9999-12-31T23:59:59", "Pacific/Apia")
@example("0001-01-01T00:00:00", "Pacific/Apia")
def test_whatever_is_written_is_refused_in_our_own_words(text, zone):
    with pytest.raises(RequestInvalid) as caught:
        parsed(text, zone)
    assert {pointer for pointer, _ in caught.value.problems} <= {AT, ZONE}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "/etc/passwd",
        "/usr/share/zoneinfo/UTC",
        "Europe/../Europe/Madrid",
        "Europe",
        "Europe/",
        "Europe/Madrid\n",
        "Europe/Madrid\0",
        "localtime",
        "posixrules",
        "Factory",
        "posix/Europe/Madrid",
        "right/UTC",
        "tzdata.zi",
        "zone.tab",
        "__init__.py",
        "CEST",
        "UTC+1",
        "+01:00",
        "\ud800",
        "A" * 300,
    ],
)
def test_a_zone_that_is_not_on_the_list_is_refused(name):
    assert problem_of("2027-01-10T18:00:00Z", name)[0] == ZONE


def test_a_zone_in_other_letters_is_refused_with_its_own_spelling():
    _, detail = problem_of("2027-01-10T18:00:00", "europe/madrid")

    assert detail.endswith("did you mean Europe/Madrid?")


def test_a_bad_time_and_a_bad_zone_are_told_together():
    with pytest.raises(RequestInvalid) as caught:
        parsed("tomorrow", "Mars/Olympus")

    assert [pointer for pointer, _ in caught.value.problems] == [ZONE, AT]


def test_the_lead_is_just_enough():
    assert parsed("2026-12-01T12:00:20Z").utc == T0 + timedelta(seconds=LEAD_S)


@pytest.mark.parametrize("zone", [None, "Asia/Kathmandu"])
def test_a_time_within_the_lead_is_refused_with_the_earliest_that_is_not(zone):
    now = T0 + timedelta(milliseconds=1)

    pointer, detail = problem_of("2026-12-01T12:00:20Z", zone, now)

    assert pointer == AT
    earliest = detail.removesuffix(" or later").split()[-1]
    assert parsed(earliest, zone, now).utc == T0 + timedelta(seconds=LEAD_S + 1)


def test_a_year_ahead_is_the_most():
    assert parsed("2027-12-01T12:00:00Z").utc == T0 + timedelta(days=MAX_DAYS_AHEAD)
    assert problem_of("2027-12-01T12:00:01Z")[1].endswith("is more than 365 days ahead")
    assert "too early" in problem_of("2025-12-01T12:00:00Z")[1]


@given(INSTANTS, ZONES)
@example(datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "Europe/Madrid")
@example(datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "Europe/Madrid")
@example(datetime(2011, 12, 30, 10, 0, tzinfo=UTC), "Pacific/Apia")
def test_an_echo_read_again_is_the_same_instant(instant, zone):
    now = instant - timedelta(days=1)
    local = instant.astimezone(ZoneInfo(zone)).isoformat()

    with_both = parsed(local, zone, now)

    assert with_both.utc == instant
    assert parsed(with_both.text, zone, now) == with_both
    assert parsed(with_both.text, None, now).utc == instant


@given(INSTANTS, ZONES)
def test_a_wall_time_means_the_instant_that_shows_it_or_is_refused_as_doubled(instant, zone):
    now = instant - timedelta(days=2)
    shown = instant.astimezone(ZoneInfo(zone))

    try:
        meant = parsed(shown.isoformat()[:19], zone, now).text
    except RequestInvalid as refusal:
        meant = str(refusal).partition("comes twice")[2]

    assert shown.isoformat() in meant


def test_every_zone_of_the_list_can_be_used():
    for name in available_timezones() - {"localtime", "Factory"}:
        assert zone_named(name).key == name
