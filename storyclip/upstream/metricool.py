"""The calls to Metricool, each with everything that its outcome may prove.

Source of paths, parameters and shapes: Metricool OpenAPI 2026-07. That it knows no idempotency
key, answers 500 to clients' mistakes and refuses dates in the past is what integrators report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from requests import PreparedRequest

from storyclip import __version__
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import (
    MAX_WORDS,
    MediaUnavailable,
    UpstreamBusy,
    UpstreamDateInPast,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamRefused,
    UpstreamUnanswered,
)
from storyclip.domain.story import Brand, HeatMap, Look, Post, Story
from storyclip.upstream import best_times, posts, wire, words
from storyclip.upstream.line import Answer, Line, request_to
from storyclip.upstream.reading import parsed

MEDIA_DEADLINES = 12  # a large file takes minutes: integrators allow 4 min against our usual 20 s
MAX_DELETED_PAGES = 10

OK = 200
DENIED = (401, 403)
BUSY = 429
NOT_FOUND = 404
UNPROVEN = (408, 409)  # time-out or conflict: with what, if not with our own first try?
MEDIA_REFUSALS = (400, 404, 422)


class Metricool:
    """One user's access to Metricool; may be shared by threads, and carried over a fork.

    Redirects are not followed, proxies and credentials of the environment are not used: neither
    a .netrc nor a login page may come between a call and what its answer proves. What each call
    raises stands at `storyclip.domain.story.Upstream`; here, where it is not plain, on which proof.
    """

    def __init__(self, base_url: str, user_token: str, user_id: str, deadline_s: float) -> None:
        """Prepare to call; every call is over `deadline_s` seconds after it began."""
        self._base_url = base_url.rstrip("/")
        self._user_token = user_token
        self._user_id = user_id
        self._deadline_s = deadline_s
        self._line = Line()
        self._headers = {
            "X-Mc-Auth": user_token,
            "Accept-Encoding": "identity",  # a cut answer stays recognisable, a bomb small
            "User-Agent": f"StoryClip/{__version__}",
        }

    def stop(self) -> None:
        """Cut all calls that may be repeated and start none any more; a POST in hand ends well."""
        self._line.stop()

    def prepare_media(self, account_id: str, source_url: str) -> str:
        """Have Metricool copy the file, and return its own URL for it. May be repeated.

        The same URL coming back means that nothing was copied; some accounts live with that.

        Raises:
            UpstreamRefused: 400, 404 or 422 with Metricool's envelope.
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable: as everywhere.
            MediaUnavailable: everything else; also an answer whose end is not marked, because
                half a URL looks like a URL.

        Source: GET /actions/normalize/image/url, which takes videos as well; it answers in plain
        text, and 406 to whoever accepts JSON only.
        """
        query = {"url": source_url, "folder": "PLANNER"}
        request = self._request(
            "GET", "/actions/normalize/image/url", account_id, query, accept="*/*"
        )
        try:
            answer = self._line.ask(request, self._over_at(MEDIA_DEADLINES))
        except UpstreamUnanswered as silence:
            raise MediaUnavailable(str(silence)) from None
        self._raise_if_denied_or_busy(answer)
        if answer.status in MEDIA_REFUSALS:
            self._raise_if_refused(answer)
        url = wire.media_url(answer.body) if answer.status == OK else None
        if url is None or not answer.has_marked_end:
            raise MediaUnavailable(f"Metricool gave no URL for the file (HTTP {answer.status})")
        return url

    def submit_story(self, story: Story) -> Post:
        """Have one story published; one POST on a fresh connection, never repeated in here.

        `media_urls` of the result is what Metricool echoed, which may differ from what was sent.

        Raises:
            UpstreamRefused, UpstreamDateInPast: 4xx with Metricool's envelope.
            UpstreamDenied: 401 or 403.
            UpstreamBusy: 429; `retry_after_s` from the header, 30 s without one.
            UpstreamUnreachable: not one byte left.
            UpstreamUnanswered: everything else; it may have been created.
        """
        body = wire.story_body(story)
        request = self._request("POST", "/v2/scheduler/posts", story.account_id, body=body)
        answer = self._line.tell(request, self._over_at(), lambda: crashpoint("request_sent"))
        post = posts.created_post(parsed(answer.body), story.network)
        if post is not None and 200 <= answer.status < 300:
            return post
        self._raise_if_denied_or_busy(answer)
        if 400 <= answer.status < 500 and answer.status not in UNPROVEN:
            self._raise_if_refused(answer)
        raise UpstreamUnanswered(f"HTTP {answer.status} says neither created nor refused")

    def post(self, account_id: str, network: str, post_id: str) -> Post | None:
        """Return one post, or None when Metricool knows no such id."""
        request = self._request("GET", _path_of(post_id), account_id)
        answer = self._look(request, self._over_at(), and_fine=NOT_FOUND)
        if answer.status == NOT_FOUND:
            return None
        return posts.one_post(parsed(answer.body), network)

    def posts_between(self, account_id: str, network: str, start: datetime, end: datetime) -> Look:
        """Return all posts dated from `start` to `end`, whatever their status, deleted ones not.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable: as everywhere.
            UpstreamLookFailed: no answer, one unreadable element, or no readable `Date`: without
                their clock nobody can say whether a late POST may still create something.
        """
        query = {
            "start": wire.wall_time(start),
            "end": wire.wall_time(end),
            "timezone": "UTC",
            "extendedRange": "true",
        }
        answer = self._look(
            self._request("GET", "/v2/scheduler/posts", account_id, query), self._over_at()
        )
        if (upstream_now := words.upstream_now(answer.headers)) is None:
            raise UpstreamLookFailed("Metricool's answer does not say what time it is there")
        return Look(posts.listed_posts(parsed(answer.body), network), upstream_now)

    def deleted_posts(self, account_id: str, network: str) -> Sequence[Post]:
        """Return the posts that somebody deleted, latest deletion first, 1,000 at most."""
        found: list[Post] = []
        over_at = self._over_at()
        for page in range(MAX_DELETED_PAGES):
            query = posts.deleted_query(page)
            request = self._request("GET", "/v2/scheduler/posts/deleted", account_id, query)
            answer = self._look(request, over_at)
            size, of_network = posts.deleted_page(parsed(answer.body), network)
            found += of_network
            if size < posts.DELETED_PAGE:
                break
        return found

    def delete_post(self, account_id: str, post_id: str) -> None:
        """Delete a post; one that is already gone is fine.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable: not deleted.
            UpstreamLookFailed: it may be gone.
        """
        request = self._request("DELETE", _path_of(post_id), account_id)
        answer = self._look(request, self._over_at(), self._line.tell, and_fine=NOT_FOUND)
        if answer.status == NOT_FOUND:
            return
        gone = parsed(answer.body)
        if not isinstance(gone, dict) or gone.get("data") is not True:
            raise UpstreamLookFailed("Metricool does not say that the post is deleted")

    def brands(self) -> Sequence[Brand]:
        """Return the accounts of these credentials, without deleted and demo ones."""
        answer = self._look(self._request("GET", "/admin/simpleProfiles", None), self._over_at())
        return wire.brands(parsed(answer.body))

    def best_times(
        self, account_id: str, network: str, timezone: str, start: datetime, end: datetime
    ) -> HeatMap:
        """Return how well the hours of the zone do; without history, all of them 0."""
        query = best_times.query(timezone, start, end)
        path = f"/v2/scheduler/besttimes/{quote(network, safe='')}"
        answer = self._look(self._request("GET", path, account_id, query), self._over_at())
        return best_times.heat_map(parsed(answer.body))

    def _look(
        self,
        request: PreparedRequest,
        over_at: float,
        exchange: Callable[[PreparedRequest, float], Answer] | None = None,
        and_fine: int = OK,
    ) -> Answer:
        """Return a complete answer with status 200 or `and_fine`."""
        try:
            answer = (exchange or self._line.ask)(request, over_at)
        except UpstreamUnanswered as silence:
            raise UpstreamLookFailed(str(silence)) from None
        self._raise_if_denied_or_busy(answer)
        if answer.status not in (OK, and_fine):
            raise UpstreamLookFailed(f"HTTP {answer.status}: {self._words(answer)}"[:MAX_WORDS])
        return answer

    def _raise_if_denied_or_busy(self, answer: Answer) -> None:
        # Both are decided before a post is looked at, by whoever sends them: with or without
        # Metricool's envelope (its 401 was never captured), nothing was created.
        if answer.status in DENIED:
            raise UpstreamDenied(self._words(answer)[:MAX_WORDS], answer.status)
        if answer.status == BUSY:
            raise UpstreamBusy(words.retry_after_s(answer.headers))

    def _raise_if_refused(self, answer: Answer) -> None:
        if words.refusal_words(parsed(answer.body)) is None:
            return
        said = self._words(answer)
        kind = UpstreamDateInPast if words.says_in_the_past(said) else UpstreamRefused
        raise kind(said[:MAX_WORDS], answer.status)

    def _words(self, answer: Answer) -> str:
        said = words.any_words(parsed(answer.body), answer.body, answer.status)
        return said.replace(self._user_token, "[token]") if self._user_token else said

    def _over_at(self, deadlines: int = 1) -> float:
        return time.monotonic() + deadlines * self._deadline_s

    def _request(
        self,
        method: str,
        path: str,
        account_id: str | None,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        accept: str = "application/json",
    ) -> PreparedRequest:
        account = {} if account_id is None else {"blogId": account_id}
        parameters = {"userId": self._user_id, **account, **(query or {})}
        url = f"{self._base_url}{path}?{urlencode(parameters)}"
        return request_to(method, url, {**self._headers, "Accept": accept}, body)


def _path_of(post_id: str) -> str:
    return f"/v2/scheduler/posts/{quote(post_id, safe='')}"
