"""Publication dates: cut down to the step, refused in the past, judged when handled."""

import pytest

from tests.sandbox.conftest import Metricool

NOON = "2026-12-01T12:00:00Z"


@pytest.mark.parametrize(
    ("step_s", "wished", "planned"),
    [
        (60, "12:02:59", "12:02:00"),
        (3, "12:00:59", "12:00:57"),
        (1, "12:00:59", "12:00:59"),
    ],
)
def test_seconds_are_cut_down_to_the_step(start, client_of, step_s, wished, planned):
    metricool = client_of(start(clock=NOON, date_step=step_s))
    date = {"dateTime": f"2026-12-01T{wished}", "timezone": "UTC"}

    post = metricool.created(metricool.story(publicationDate=date))

    assert post["publicationDate"]["dateTime"] == f"2026-12-01T{planned}"


def test_a_date_cut_into_the_past_is_refused_with_metricools_words(metricool: Metricool):
    metricool.sandbox.advance(20)

    answer = metricool.post(metricool.story(in_s=50))

    assert answer.status_code == 400
    assert answer.json() == {
        "status": "BAD_REQUEST",
        "code": "400",
        "title": "ValidationError",
        "detail": f"Invalid value 'DateTimeInfo(dateTime={metricool.noon:%Y-%m-%dT%H:%M}, "
        "timezone=UTC)'. Given datetime cannot be in the past.",
    }


@pytest.mark.parametrize(("ahead_s", "status"), [(0.999, 200), (1, 400)])
def test_the_current_second_is_not_the_past(metricool: Metricool, ahead_s, status):
    metricool.sandbox.advance(ahead_s)

    assert metricool.post(metricool.story(in_s=0)).status_code == status


def test_a_date_is_a_wall_time_of_its_zone(metricool: Metricool):
    date = {"dateTime": f"{metricool.noon:%Y-%m-%d}T09:30:00", "timezone": "America/Bogota"}

    post = metricool.created(metricool.story(publicationDate=date))

    assert post["publicationDate"] == date
    assert metricool.ledger("created")[0]["plannedFor"] == metricool.iso(2.5 * 3600)


def test_the_date_is_judged_when_the_call_is_handled_not_when_it_came(metricool: Metricool):
    metricool.sandbox.fault(fault="delay_before_create", seconds=150)
    with pytest.raises(OSError, match="timed out"):
        metricool.post(metricool.story(in_s=120), timeout_s=0.3)
    assert metricool.ledger() == []

    metricool.sandbox.advance(150)

    [line] = metricool.ledger()
    assert (line["event"], line["time"]) == ("refused", metricool.iso(150))
    assert "cannot be in the past" in line["detail"]
    assert line["plannedFor"] == metricool.iso(120)


def test_a_late_call_in_time_for_its_date_creates_though_its_client_is_gone(metricool: Metricool):
    metricool.sandbox.fault(fault="delay_before_create", seconds=100)
    with pytest.raises(OSError, match="timed out"):
        metricool.post(metricool.story(in_s=120), timeout_s=0.3)

    metricool.sandbox.advance(600)

    assert [(line["event"], line["time"]) for line in metricool.ledger()] == [
        ("created", metricool.iso(100)),
        ("published", metricool.iso(125)),
    ]


def test_every_answer_has_the_sandboxs_date_cut_to_the_second(metricool: Metricool):
    metricool.sandbox.advance(7.9)

    assert metricool.get(5).headers["Date"] == f"{metricool.noon:%a, %d %b %Y 12:00:07 GMT}"
