"""Batches that report to a real receiver, told by hand in a time that only the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from config.settings import Settings
from storyclip.domain.clip import Clip, Event
from storyclip.store.history import deliveries
from storyclip.store.publishing import batches, clips
from storyclip.webhooks.delivering import Teller
from tests.people import key_for, known
from tests.store.making import T0, new_batch, rows, walked
from tests.webhooks.receiver import Receiver, receiving

LIVE = (Event.CLAIMED, Event.ACCEPTED, Event.SEEN_LIVE)
REFUSED = (Event.CLAIMED, Event.REFUSED)
LOST = (Event.CLAIMED, Event.ACCEPTED, Event.TIMED_OUT)


class Post:
    """Plays the courier by hand."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.at = T0
        self.teller = self.teller_with()

    def teller_with(self, deadline_s: float = 5.0, **environ: str) -> Teller:
        environ = {"STORYCLIP_WEBHOOK_ALLOW_PRIVATE": "true", **environ}
        settings = Settings.from_environment(environ, needs_upstream=False)
        return Teller(settings, lambda: self.at, lambda: 1.0, deadline_s)

    def batch(
        self, name: str = "b1", count: int = 2, user: str = "ana", **asked: Any
    ) -> list[Clip]:
        new = new_batch(name, count, **asked)
        changes = {field: getattr(new, field) for field in new.__slots__}
        changes |= {"webhook_url": self.receiver.url, "user_id": known(user, self.at)}
        batches.create(type(new)(**changes), self.at)
        return list(clips.of_batch(name))

    def walk(self, clip: Clip, *events: Event) -> Clip:
        return walked(clip, *events, at=self.at)

    def round(self, teller: Teller | None = None) -> int:
        """Let each delivery that is due go one step; return how many there were."""
        found = deliveries.due(self.at, 100)
        for delivery in found:
            (teller or self.teller).step(delivery)
        return len(found)

    def tell_all(self, within: timedelta = timedelta(hours=1)) -> None:
        """Tell everything there is to tell, with the time passing that retries take."""
        end = self.at + within
        while (next_at := self.next_at()) is not None and next_at <= end:
            self.at = max(self.at, next_at)
            self.round()

    def next_at(self) -> datetime | None:
        select = "SELECT MIN(next_at) FROM webhook_deliveries"
        (((text),),) = rows(select)
        return None if text is None else datetime.fromisoformat(text)

    def places(self) -> list[tuple[str, int]]:
        return [one.place for one in self.receiver.firsts()]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def post(store: str, receiver: Receiver) -> Post:
    key_for("ana", {"publish"}, at=T0)
    return Post(receiver)
