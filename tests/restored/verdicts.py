"""What became of one restore."""

from __future__ import annotations

from dataclasses import dataclass

from tests.judge import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What went out by Metricool's ledger, and what was said meanwhile that is not so.

    `trouble` tells why it did not come to its end, None if it did.
    """

    verdict: Verdict
    untrue: tuple[str, ...] = ()
    trouble: str | None = None

    @property
    def is_clean(self) -> bool:
        """Return whether everything that is promised held."""
        return self.verdict.is_clean and not self.untrue and self.trouble is None
