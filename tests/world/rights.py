"""The admin: takes a user's right to publish away while clips are under way, and gives it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storyclip.flow import rights
from storyclip.store.access import users
from tests.world import heart, times
from tests.world.clock import Clock
from tests.world.workers import Workers, escaped

GIVEN_BACK = 0.7  # how often, and then within half an hour


class Rights:
    """Decides, at each call about a clip that is handled, whether its user is disabled soon."""

    def __init__(self, workers: Workers, clock: Clock) -> None:
        self._workers = workers
        self._clock = clock
        self._world = workers.metricool.world
        self._handled = workers.metricool.handled
        workers.metricool.handled = self._sees
        self._is_allowed = True

    def _sees(self, call: str, clip: str) -> None:
        self._handled(call, clip)
        if (name := self._world.take("revoke", f"{call} {clip}")) is not None:
            after_s = 10 ** self._world.choices.between(name, -3.0, 2.0)
            self._world.hub.at(after_s, lambda: self._revoke(name))

    def _revoke(self, name: str) -> None:
        if not self._is_allowed or self._world.store_is_down():
            return
        world = self._world
        world.record.counts["people"] += 1
        world.record.revoked_us.append(world.hub.now_us)
        world.tell("admin", "disables the user")
        self._is_allowed = False
        now = times.instant(world.hub.now_us)
        self._does(lambda: rights.disable(heart.USER, now, cancels=False))
        if world.choices.draw(name + " back?") < GIVEN_BACK:
            back_s = 10 ** world.choices.between(name + " back", -1.0, 3.3)
            world.hub.at(back_s, self._give_back)

    def _give_back(self) -> None:
        world = self._world
        if world.store_is_down():
            world.hub.at(1.0, self._give_back)
            return
        world.tell("admin", "enables the user again")
        self._is_allowed = True
        world.record.allowed_us.append(world.hub.now_us)
        self._does(lambda: users.enable(heart.USER, times.instant(world.hub.now_us)))

    def _does(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Exception as mishap:
            escaped(self._workers.metricool, "the admin's act", mishap)
        self._clock.committed()
        self._clock.changed()
