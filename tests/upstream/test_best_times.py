from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from storyclip.domain.errors import UpstreamDenied, UpstreamLookFailed
from storyclip.domain.network import Network
from storyclip.domain.story import HeatMap, Upstream
from storyclip.sandbox.process import SandboxProcess
from storyclip.upstream import best_times
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import TOKEN, metricool_at, says

ACCOUNT, WITHOUT_INSTAGRAM = "2000001", "2000003"
START = datetime(2027, 3, 25, 12, tzinfo=UTC)
WEEK = (START, START + timedelta(days=7))
NO_HISTORY = HeatMap(((0,) * 24,) * 7)


@pytest.fixture(scope="module")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    ledger = tmp_path_factory.mktemp("sandbox") / "ledger.jsonl"
    with SandboxProcess(ledger) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    running_sandbox.reset()
    running_sandbox.clear_faults()
    return running_sandbox


def asked(sandbox: SandboxProcess, account: str = ACCOUNT, network: str = "facebook") -> HeatMap:
    upstream: Upstream = Metricool(sandbox.url, "sandbox-token", "1", 20)
    return upstream.best_times(account, Network(network), "Europe/Madrid", *WEEK)


def day(number: Any, *hours: tuple[Any, Any]) -> dict[str, Any]:
    by_hour = [{"hourOfDay": hour, "value": value} for hour, value in hours]
    return {"dayOfWeek": number, "bestTimesByHour": by_hour}


def test_a_heat_map_has_a_value_for_every_hour_of_the_week(sandbox):
    heat = asked(sandbox)

    assert [len(hours) for hours in heat.days] == [24] * 7
    assert not heat.is_flat
    assert heat == asked(sandbox)


def test_the_sandboxs_weekend_is_ours(sandbox):
    weekdays = [hours.index(max(hours)) for hours in asked(sandbox).days]

    assert len(set(weekdays[:5])) == 1
    assert set(weekdays[5:]) == {weekdays[0] + 1}


@pytest.mark.parametrize("fault", ["best_times_flat", "best_times_empty"])
def test_an_account_without_history_has_a_flat_map(fault, sandbox):
    sandbox.fault(fault=fault)

    assert asked(sandbox) == NO_HISTORY
    assert NO_HISTORY.is_flat


def test_a_network_that_is_not_connected_is_denied(sandbox):
    with pytest.raises(UpstreamDenied):
        asked(sandbox, WITHOUT_INSTAGRAM, "instagram")


def test_both_dates_are_asked_for_on_the_walls_of_the_zone(serve):
    server = serve(says({"data": []}))

    metricool_at(server).best_times("42", Network.INSTAGRAM, "Europe/Madrid", *WEEK)

    target = urlsplit(server.requests[0].split()[1].decode())
    assert target.path == "/api/v2/scheduler/besttimes/instagram"
    assert parse_qs(target.query) == {
        "userId": ["7"],
        "blogId": ["42"],
        "start": ["2027-03-25T13:00:00"],
        "end": ["2027-04-01T14:00:00"],
        "timezone": ["Europe/Madrid"],
    }


@pytest.mark.parametrize("days", [0, -1, 7.01])
def test_no_more_than_a_week_can_be_asked_for(days):
    with pytest.raises(ValueError, match="a week at most"):
        best_times.query("UTC", START, START + timedelta(days=days))


def test_day_one_is_monday_in_whatever_order_the_days_come():
    heat = best_times.heat_map({"data": [day(7, (23, 9)), day(1, (0, 5), (7, 6))]})

    assert heat.value_at(datetime(2027, 3, 22, 0, 59, tzinfo=UTC)) == 5  # a Monday
    assert heat.value_at(datetime(2027, 3, 22, 7, 0, tzinfo=UTC)) == 6
    assert heat.value_at(datetime(2027, 3, 28, 23, 0, tzinfo=UTC)) == 9
    assert sum(map(sum, heat.days)) == 20


def test_an_hour_without_a_value_has_no_history():
    heat = best_times.heat_map({"data": [day(1, (0, None), (1, 3))]})

    assert heat.days[0][:3] == (0, 3, 0)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"data": None},
        {"data": [1]},
        {"data": [{"dayOfWeek": 1}]},
        {"data": [day(0)]},
        {"data": [day(8)]},
        {"data": [day("1")]},
        {"data": [day(True)]},
        {"data": [day(1, (24, 1))]},
        {"data": [day(1, (-1, 1))]},
        {"data": [day(1, (None, 1))]},
        {"data": [day(1, (0, 1), (0, 1))]},
        {"data": [day(1, (0, 1)), day(1, (0, 2))]},
        {"data": [day(1, (0, 1.5))]},
        {"data": [day(1, (0, float("nan")))]},
        {"data": [day(1, (0, -1))]},
        {"data": [day(1, (0, 10**12))]},
    ],
)
def test_a_map_that_makes_no_sense_is_no_map(answer):
    with pytest.raises(UpstreamLookFailed):
        best_times.heat_map(answer)


@pytest.mark.parametrize(
    "behaviour",
    [says({}, 500), says(b"<html>"), says(b""), says({"data": []}, 404), says({"data": {}})],
)
def test_an_unusable_answer_means_ask_again(behaviour, serve):
    with pytest.raises(UpstreamLookFailed) as caught:
        metricool_at(serve(behaviour)).best_times("42", Network.INSTAGRAM, "UTC", *WEEK)

    assert TOKEN not in str(caught.value)
