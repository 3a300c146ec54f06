"""How many posts each brand has published in a month: Metricool's fair use. Source: §7.3a."""

from typing import Any

from storyclip.sandbox.clock import rfc3339

FAIR_USE = 600  # above it somebody at Metricool looks first, and meanwhile nothing goes out


class Counters:
    def __init__(self) -> None:
        self._published: dict[tuple[str, str], int] = {}  # by brand and month, in UTC [G]

    def add(self, account: str, at_ms: int) -> None:
        key = account, _month(at_ms)
        self._published[key] = self._published.get(key, 0) + 1

    def set(self, account: str, at_ms: int, count: int) -> None:
        self._published[account, _month(at_ms)] = count

    def of(self, account: str, at_ms: int) -> int:
        return self._published.get((account, _month(at_ms)), 0)

    def clear(self) -> None:
        self._published.clear()

    def shown(self, user_id: int, accounts: list[str], at_ms: int) -> dict[str, Any]:
        """The answer of v2/scheduler/counters; what is said of users is [G]. Source: §1.4."""
        by_brand = {account: self.of(account, at_ms) for account in accounts}
        return {
            "monthPublishedPostsByUser": {str(user_id): sum(by_brand.values())},
            "monthPublishedPostsByBrand": by_brand,
            "last24HoursPublishedYoutubePostsByBrand": {},
        }


def _month(at_ms: int) -> str:
    return rfc3339(at_ms)[:7]
