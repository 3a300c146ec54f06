"""What a decision reckons with besides the rows: the settings, the time, and chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config.settings import Settings
from storyclip.domain.dates.schedule import backoff_s, seconds
from storyclip.domain.errors import UpstreamBusy, UpstreamError
from storyclip.domain.story import MEDIA_DEADLINES
from storyclip.flow.asking import Times

LATER_PART = 4  # the next look comes after this part of the time already waited
SLACK_S = 5.0  # for the writes around a call, before its worker is called late


@dataclass(frozen=True, slots=True)
class Visit:
    """One worker's visit to a clip; `jitter` draws evenly from 0 to 1."""

    settings: Settings
    worker: str
    jitter: Callable[[], float]
    times: Times

    @property
    def now(self) -> datetime:
        """Return our time."""
        return self.times.now

    @property
    def there(self) -> datetime:
        """Return Metricool's time: what its dates are compared with."""
        return self.times.there

    def in_s(self, wait_s: float) -> datetime:
        """Return when so many seconds will have passed."""
        return self.times.now + seconds(wait_s)

    def soon(self, failure: UpstreamError | None = None) -> datetime:
        """Return when to look again; as late as Metricool asked for, if it did."""
        wait_s = failure.retry_after_s if isinstance(failure, UpstreamBusy) else 0.0
        return self.in_s(max(wait_s, self.settings.confirm_interval_s))

    def ever_later(self, since: datetime, at_most_s: float) -> datetime:
        """Return when to look again for what has not shown since: often at first, then less."""
        waited_s = (self.times.now - since).total_seconds()
        wait_s = max(waited_s / LATER_PART, self.settings.confirm_interval_s)
        return self.in_s(min(wait_s, at_most_s))

    def backoff(self, times: int, at_least_s: float = 0.0) -> datetime:
        """Return when to try again after the `times`-th failure in a row."""
        settings = self.settings
        wait_s = backoff_s(times, settings.retry_base_s, settings.retry_max_s, self.jitter())
        return self.in_s(max(wait_s, at_least_s))

    def send_over_at(self) -> datetime:
        """Return when a worker that sends from now on must be done, or be called dead."""
        return self.in_s(self.settings.http_deadline_s + SLACK_S)

    def prepare_over_at(self) -> datetime:
        """Return when a worker that prepares media from now on must be done, or be called dead."""
        return self.in_s(MEDIA_DEADLINES * self.settings.http_deadline_s + SLACK_S)
