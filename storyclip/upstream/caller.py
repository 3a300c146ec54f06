"""What all calls to Metricool share: credentials, time, and what an answer of any kind proves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from storyclip import __version__
from storyclip.domain.budget import Budget, Purpose
from storyclip.domain.errors import (
    MAX_WORDS,
    UpstreamBusy,
    UpstreamDateInPast,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamLookTooLarge,
    UpstreamRefused,
    UpstreamUnanswered,
)
from storyclip.upstream import words
from storyclip.upstream.exchange import (
    MAX_ANSWER_BYTES,
    Answer,
    AnswerTooLarge,
    Exchange,
    Request,
)
from storyclip.upstream.reading import parsed
from storyclip.upstream.their_clock import TheirClock

OK = 200
UNAUTHORIZED = 401
DENIED = (UNAUTHORIZED, 403)
BUSY = 429

TOKEN = "X-Mc-Auth"  # noqa: S105 - the header that has it


class Caller:
    """One user's calls; each is over `deadline_s` seconds after it began.

    A call that was refused for its token is made again if there is another token by then: a 401 is
    decided before anything is looked at, so nothing has happened.
    """

    def __init__(
        self,
        user_token: Callable[[], str],
        user_id: str,
        deadline_s: float,
        exchange: Exchange,
        monotonic: Callable[[], float],
        budget: Budget | None = None,
    ) -> None:
        self.clock = TheirClock(monotonic)
        self._exchange = exchange
        self._user_token = user_token
        self._user_id = user_id
        self._deadline_s = deadline_s
        self._monotonic = monotonic
        self._budget = budget
        self._headers = {
            "Accept-Encoding": "identity",  # a cut answer stays recognisable, a bomb small
            "User-Agent": f"StoryClip/{__version__}",
        }

    def request(
        self,
        method: str,
        path: str,
        account_id: str | None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/json",
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> Request:
        """Put a call together, on behalf of this user and at most one account."""
        account = {} if account_id is None else {"blogId": account_id}
        parameters = {"userId": self._user_id, **account, **(query or {})}
        headers = {**self._headers, TOKEN: self._user_token(), "Accept": accept}
        return Request(method, path, parameters, headers, body, max_answer_bytes)

    def over_at(self, deadlines: int = 1) -> float:
        """Return when a call that begins now has to be over."""
        return self._monotonic() + deadlines * self._deadline_s

    def ask(self, request: Request, over_at: float, purpose: Purpose) -> Answer:
        """Have a call made that may be repeated; every answer tells their time.

        Raises:
            UpstreamBusy: not made, the budget has no call left.
            UpstreamUnreachable, UpstreamUnanswered, AnswerTooLarge
        """
        if self._budget is not None:
            self._budget.take(purpose)
        answer = self._exchange.ask(request, over_at)
        if (renewed := self._renewed(request, answer)) is not None:
            answer = self._exchange.ask(renewed, over_at)
        return self._noted(answer)

    def tell(
        self,
        request: Request,
        send_by: float | None = None,
        on_sent: Callable[[], None] | None = None,
        deadlines: int = 1,
    ) -> Answer:
        """Have a call made that must not be repeated, and that begins by `send_by` or never.

        Raises:
            UpstreamBusy: not made, Metricool has asked to wait.
            UpstreamUnreachable, UpstreamUnanswered, AnswerTooLarge
        """
        if self._budget is not None:
            self._budget.take(Purpose.PUBLISHING)
        over_at = self.over_at(deadlines)  # of both: when it is over, others may look for the clip
        answer = self._exchange.tell(request, over_at, on_sent, send_by)
        if (renewed := self._renewed(request, answer)) is not None:
            answer = self._exchange.tell(renewed, over_at, on_sent, send_by)
        return self._noted(answer)

    def look(
        self,
        request: Request,
        over_at: float | None = None,
        is_fine: Callable[[Answer], bool] | None = None,
        purpose: Purpose = Purpose.LOOK,
    ) -> Answer:
        """Return a complete answer with status 200, or one that `is_fine`.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable
            UpstreamLookTooLarge: the answer is longer than the request allows.
            UpstreamLookFailed: any other answer, or none.
        """
        try:
            over_at = self.over_at() if over_at is None else over_at
            answer = self.ask(request, over_at, purpose)
        except AnswerTooLarge as excess:
            raise UpstreamLookTooLarge(str(excess)) from None
        except UpstreamUnanswered as silence:
            raise UpstreamLookFailed(str(silence)) from None
        self.raise_if_not_fine(answer, is_fine)
        return answer

    def raise_if_not_fine(
        self, answer: Answer, is_fine: Callable[[Answer], bool] | None = None
    ) -> None:
        """Raise whatever else an answer is than status 200 or `is_fine`.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamLookFailed
        """
        self.raise_if_denied_or_busy(answer)
        if answer.status == OK or (is_fine is not None and is_fine(answer)):
            return
        raise UpstreamLookFailed(f"HTTP {answer.status}: {self._words(answer)}"[:MAX_WORDS])

    def raise_if_denied_or_busy(self, answer: Answer) -> None:
        """Raise what every call has to expect.

        Both are decided before a post is looked at, by whoever sends them: with or without
        Metricool's envelope (its 401 was never captured), nothing was created.

        Raises:
            UpstreamDenied: 401 or 403.
            UpstreamBusy: 429; `retry_after_s` from the header, 30 s without one.
        """
        if answer.status in DENIED:
            raise UpstreamDenied(self._words(answer)[:MAX_WORDS], answer.status)
        if answer.status == BUSY:
            raise UpstreamBusy(words.retry_after_s(answer.headers))

    def raise_if_refused(self, answer: Answer) -> None:
        """Raise Metricool's own refusal; a status without its envelope is none.

        Raises:
            UpstreamRefused, UpstreamDateInPast
        """
        if words.refusal_words(parsed(answer.body)) is None:
            return
        said = self._words(answer)
        kind = UpstreamDateInPast if words.says_in_the_past(said) else UpstreamRefused
        raise kind(said[:MAX_WORDS], answer.status)

    def _renewed(self, request: Request, answer: Answer) -> Request | None:
        """Return the call with the token of now, if it was refused for one that is over."""
        token = self._user_token()
        if answer.status != UNAUTHORIZED or token == request.headers[TOKEN]:
            return None
        return replace(request, headers={**request.headers, TOKEN: token})

    def _noted(self, answer: Answer) -> Answer:
        """Learn what any answer tells: their time, and that nobody is to call for a while."""
        self.clock.note(answer.headers)
        if answer.status == BUSY and self._budget is not None:
            self._budget.stop(words.retry_after_s(answer.headers))
        return answer

    def _words(self, answer: Answer) -> str:
        said = words.any_words(parsed(answer.body), answer.body, answer.status)
        token = self._user_token()
        return said.replace(token, "[token]") if token else said
