"""Each call counts as what it is, a 429 stops all of them, and what was not made was not sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.budget import Purpose
from storyclip.domain.errors import OverBudget, UpstreamBusy
from storyclip.domain.network import Network
from storyclip.domain.story import Story
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import MEDIA, TOKEN, says

DAY = (datetime(2027, 3, 25, tzinfo=UTC), datetime(2027, 3, 26, tzinfo=UTC))
STORY = Story("42", Network.FACEBOOK, MEDIA, DAY[1] + timedelta(hours=1))
CALLS: dict[str, tuple[Callable[[Metricool], Any], Purpose]] = {
    "prepare": (lambda m: m.prepare_media("42", "https://x.io/1.mp4"), Purpose.PUBLISHING),
    "submit": (lambda m: m.submit_story(STORY), Purpose.PUBLISHING),
    "delete": (lambda m: m.delete_post("42", "7"), Purpose.PUBLISHING),
    "post": (lambda m: m.post("42", Network.FACEBOOK, "7"), Purpose.LOOK),
    "list": (lambda m: m.posts_between("42", Network.FACEBOOK, *DAY), Purpose.LOOK),
    "deleted": (lambda m: m.deleted_posts("42", Network.FACEBOOK), Purpose.LOOK),
    "month": (lambda m: m.month_count("42"), Purpose.LOOK),
    "brands": (lambda m: m.brands(), Purpose.READ),
    "best times": (lambda m: m.best_times("42", Network.FACEBOOK, "UTC", *DAY), Purpose.READ),
}


@dataclass
class Told:
    """A budget that only listens; it refuses with `trouble` when set."""

    trouble: Exception | None = None
    taken: list[Purpose] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)

    def take(self, purpose: Purpose) -> None:
        self.taken.append(purpose)
        if self.trouble is not None:
            raise self.trouble

    def stop(self, for_s: float) -> None:
        self.stops.append(for_s)


@pytest.fixture
def told() -> Told:
    return Told()


def metricool(server: Any, budget: Told) -> Metricool:
    return Metricool(f"http://127.0.0.1:{server.port}/api", TOKEN, "1", 5, budget=budget)


@pytest.mark.parametrize(("call", "purpose"), CALLS.values(), ids=CALLS)
def test_a_429_to_any_call_stops_the_token_for_as_long_as_it_says(serve, told, call, purpose):
    server = serve(says(b"", 429, "Retry-After: 7\r\n"))

    with pytest.raises(UpstreamBusy):
        call(metricool(server, told))

    assert (told.taken, told.stops) == ([purpose], [7.0])


@pytest.mark.parametrize("refusal", [OverBudget(3.0), UpstreamBusy(30.0)], ids=["over", "stopped"])
@pytest.mark.parametrize(("call", "purpose"), CALLS.values(), ids=CALLS)
def test_what_the_budget_refuses_never_leaves(serve, told, call, purpose, refusal):
    server, told.trouble = serve(says(b"", 500)), refusal

    with pytest.raises(type(refusal)) as refused:
        call(metricool(server, told))

    assert refused.value is refusal
    assert (server.connections, told.taken, told.stops) == (0, [purpose], [])


def test_any_other_answer_stops_nothing(serve, told):
    with pytest.raises(Exception, match="503"):
        metricool(serve(says(b"", 503, "Retry-After: 7\r\n")), told).brands()

    assert told.stops == []
