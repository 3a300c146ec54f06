"""One exchange with Metricool in words: what is asked, what is answered, and who carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from storyclip.domain.errors import UpstreamUnanswered

MAX_ANSWER_BYTES = 1 << 20  # no answer but a list comes near; more is no answer to us


class AnswerTooLarge(UpstreamUnanswered):
    """The answer is longer than the request allows; the rest of it was not read."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, nothing of it encoded yet; `path` is below the base URL, `body` becomes JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    max_answer_bytes: int = MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; without `has_marked_end`, only the closed line says that it is whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    has_marked_end: bool


class Exchange(Protocol):
    """Carries requests to Metricool and answers back. Moments are those of `time.monotonic`."""

    def ask(self, request: Request, over_at: float) -> Answer:
        """Make a call that may be repeated; it may do so by itself, once.

        Raises:
            UpstreamUnreachable: not one byte left.
            UpstreamUnanswered: no complete answer by `over_at`, or `stop` came in between.
            AnswerTooLarge: there is more of it than the request allows.
        """

    def tell(
        self,
        request: Request,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> Answer:
        """Make a call that must not be repeated.

        `on_sent` is called once, after the whole request left and before an answer is read.
        No first byte leaves later than `send_by`.

        Raises:
            UpstreamUnreachable: not one byte left.
            UpstreamUnanswered: something left, but no complete answer came by `over_at`.
            AnswerTooLarge: there is more of it than the request allows.
        """

    def stop(self) -> None:
        """Cut every `ask`, and start nothing any more; a `tell` under way ends by itself."""
