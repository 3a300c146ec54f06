"""A token that is exchanged while calls are made: none fails for it, and none is doubled."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from storyclip.domain.errors import UpstreamDenied
from storyclip.upstream.exchange import Answer, Request
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import element


@dataclass
class Exchanged:
    """Metricool, which takes one token; it and ours may be changed between an answer and the next.

    `then` is what happens when a call with a wrong token was refused.
    """

    theirs: str = "old"
    ours: str = "old"
    then: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    taken: int = 0

    def token(self) -> str:
        return self.ours

    def ask(self, request: Request, over_at: float, *_: Any) -> Answer:
        self.shown.append(request.headers["X-Mc-Auth"])
        self.over.append(over_at)
        if self.shown[-1] == self.theirs:
            self.taken += 1
            said = json.dumps({"data": element()}).encode()
            return Answer(200, {}, said, has_marked_end=True)
        self.ours = self.then.get("ours", self.ours)
        return Answer(401, {}, b"Invalid or expired token", has_marked_end=True)

    tell = ask

    def stop(self) -> None:
        """Nothing to cut."""


def metricool(exchange: Exchanged) -> Metricool:
    times = iter(range(100, 200))
    return Metricool("", exchange.token, "7", 20, exchange, monotonic=lambda: float(next(times)))


def test_the_next_call_shows_the_token_of_its_own_time(story):
    exchange = Exchanged()
    calls = metricool(exchange)
    calls.submit_story(story)

    exchange.ours = exchange.theirs = "new"
    calls.submit_story(story)

    assert exchange.shown == ["old", "new"]


def test_a_call_refused_for_a_token_that_is_over_is_made_again_with_the_new_one(story):
    exchange = Exchanged(theirs="new", then={"ours": "new"})

    metricool(exchange).submit_story(story)

    assert (exchange.shown, exchange.taken) == (["old", "new"], 1)


def test_both_tries_together_take_no_longer_than_one_may(story):
    exchange = Exchanged(theirs="new", then={"ours": "new"})

    metricool(exchange).submit_story(story)

    assert len(set(exchange.over)) == 1


def test_without_another_token_it_is_refused_once(story):
    exchange = Exchanged(theirs="new")

    with pytest.raises(UpstreamDenied):
        metricool(exchange).submit_story(story)

    assert exchange.shown == ["old"]


def test_a_new_token_that_is_refused_too_is_not_tried_for_ever(story):
    exchange = Exchanged(theirs="another", then={"ours": "new"})

    with pytest.raises(UpstreamDenied):
        metricool(exchange).submit_story(story)

    assert exchange.shown == ["old", "new"]
