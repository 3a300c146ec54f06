"""The calls to Metricool, each with everything that its outcome may prove.

Source of paths, parameters and shapes: Metricool OpenAPI 2026-07. That it knows no idempotency
key, answers 500 to clients' mistakes and refuses dates in the past is what integrators report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from storyclip.domain.budget import Budget, Purpose
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import (
    MediaUnavailable,
    UpstreamLookFailed,
    UpstreamUnanswered,
)
from storyclip.domain.network import Network
from storyclip.domain.story import MEDIA_DEADLINES, Brand, HeatMap, Look, Post, Story
from storyclip.upstream import best_times, lists, posts, wire, words
from storyclip.upstream.caller import OK, Caller
from storyclip.upstream.exchange import Answer, Exchange
from storyclip.upstream.line import Line
from storyclip.upstream.part_line import PartCarrier, PartLine
from storyclip.upstream.read_before import reader
from storyclip.upstream.reading import parsed
from storyclip.upstream.uploads import MetricoolUploads

NO_CONTENT = 204
BAD_REQUEST = 400
NOT_FOUND = 404
UNPROVEN = (408, 409)  # time-out or conflict: with what, if not with our own first try?
MEDIA_REFUSALS = (400, 404, 422)


class Metricool:
    """One user's access to Metricool; may be shared by threads, and carried over a fork.

    Redirects are not followed, proxies and credentials of the environment are not used: neither
    a .netrc nor a login page may come between a call and what its answer proves. What each call
    raises stands at `storyclip.domain.story.Upstream`; here, where it is not plain, on which proof.
    """

    def __init__(
        self,
        base_url: str,
        user_token: str | Callable[[], str],
        user_id: str,
        deadline_s: float,
        exchange: Exchange | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        budget: Budget | None = None,
        parts: PartCarrier | None = None,
    ) -> None:
        """Prepare to call; every call is over `deadline_s` seconds after it began.

        `user_token` may be a function: then it is asked for with each call.
        `exchange` carries the calls instead of HTTP to `base_url`; it keeps time by `monotonic`.
        Without a `budget` there is no limit but Metricool's own. `parts` carries those of files,
        which go to Amazon and take longer.
        """
        self._exchange = exchange or Line(base_url)
        token = user_token if callable(user_token) else lambda: user_token
        self._calls = Caller(token, user_id, deadline_s, self._exchange, monotonic, budget)
        self._parts = parts or PartLine(base_url)
        self.uploads = MetricoolUploads(self._calls, self._parts, monotonic)

    def stop(self) -> None:
        """Cut all calls that may be repeated and start none any more; a POST in hand ends well."""
        self._exchange.stop()
        self._parts.stop()

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
        request = self._calls.request(
            "GET", "/actions/normalize/image/url", account_id, query, accept="*/*"
        )
        over_at = self._calls.over_at(MEDIA_DEADLINES)
        try:
            answer = self._calls.ask(request, over_at, Purpose.PUBLISHING)
        except UpstreamUnanswered as silence:
            raise MediaUnavailable(str(silence)) from None
        self._calls.raise_if_denied_or_busy(answer)
        if answer.status in MEDIA_REFUSALS:
            self._calls.raise_if_refused(answer)
        url = wire.media_url(answer.body) if answer.status == OK else None
        if url is None or not answer.has_marked_end:
            raise MediaUnavailable(f"Metricool gave no URL for the file (HTTP {answer.status})")
        return url

    def submit_story(self, story: Story, send_by: float | None = None) -> Post:
        """Have one story published; one POST on a fresh connection, never repeated in here.

        `media_urls` of the result is what Metricool echoed, which may differ from what was sent.

        Raises:
            UpstreamRefused, UpstreamDateInPast: 4xx with Metricool's envelope.
            UpstreamDenied: 401 or 403.
            UpstreamBusy: 429; `retry_after_s` from the header, 30 s without one.
            UpstreamUnreachable: not one byte left, be it that `send_by` was over.
            UpstreamUnanswered: everything else; it may have been created.
        """
        body = wire.story_body(story)
        request = self._calls.request("POST", "/v2/scheduler/posts", story.account_id, body=body)
        answer = self._calls.tell(request, send_by, lambda: crashpoint("request_sent"))
        post = posts.created_post(parsed(answer.body), story.network)
        if post is not None and 200 <= answer.status < 300:
            return post
        self._calls.raise_if_denied_or_busy(answer)
        if 400 <= answer.status < 500 and answer.status not in UNPROVEN:
            self._calls.raise_if_refused(answer)
        raise UpstreamUnanswered(f"HTTP {answer.status} says neither created nor refused")

    def post(self, account_id: str, network: Network, post_id: str) -> Post | None:
        """Return one post, or None when no post for the network has such an id."""
        request = self._calls.request("GET", _path_of(post_id), account_id)
        answer = self._calls.look(request, is_fine=_knows_no_such_post)
        return _post_in(answer.body, network) if answer.status == OK else None

    def posts_between(
        self, account_id: str, network: Network, start: datetime, end: datetime
    ) -> Look:
        """Return all posts dated from `start` to `end`, whatever their status, deleted ones not.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable: as everywhere.
            UpstreamLookFailed: no answer, or one without a list.
        """
        return lists.posts_between(self._calls, account_id, network, start, end)

    def deleted_posts(self, account_id: str, network: Network) -> Look:
        """Return the posts that somebody deleted, latest deletion first, 10,000 at most."""
        return lists.deleted_posts(self._calls, account_id, network)

    def delete_post(self, account_id: str, post_id: str, send_by: float | None = None) -> None:
        """Delete a post; one that is already gone is fine.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable: not deleted.
            UpstreamLookFailed: it may be gone.
        """
        request = self._calls.request("DELETE", _path_of(post_id), account_id)
        try:
            answer = self._calls.tell(request, send_by)
        except UpstreamUnanswered as silence:
            raise UpstreamLookFailed(str(silence)) from None
        self._calls.raise_if_not_fine(answer, _knows_no_such_post)
        gone = parsed(answer.body)
        if answer.status == OK and not (isinstance(gone, dict) and gone.get("data") is True):
            raise UpstreamLookFailed("Metricool does not say that the post is deleted")

    def brands(self) -> Sequence[Brand]:
        """Return the accounts of these credentials, without deleted and demo ones."""
        path = "/admin/simpleProfiles"
        answer = lists.listed(self._calls, path, None, purpose=Purpose.READ)
        return wire.brands(parsed(answer.body))

    def best_times(
        self, account_id: str, network: Network, timezone: str, start: datetime, end: datetime
    ) -> HeatMap:
        """Return how well the hours of the zone do; without history, all of them 0."""
        query = best_times.query(timezone, start, end)
        path = f"/v2/scheduler/besttimes/{quote(network, safe='')}"
        request = self._calls.request("GET", path, account_id, query)
        answer = self._calls.look(request, purpose=Purpose.READ)
        return best_times.heat_map(parsed(answer.body))

    def month_count(self, account_id: str) -> int | None:
        """Return how many posts the account published this month; None when nobody tells."""
        request = self._calls.request("GET", "/v2/scheduler/counters", account_id)
        return wire.month_count(parsed(self._calls.look(request).body), account_id)

    def now(self) -> datetime | None:
        """Return what time it is upstream, by its recent answers; None while they do not tell."""
        return self._calls.clock.now()

    def is_heard(self) -> bool:
        """Return whether Metricool answered of late: what its time is, is known if it tells it."""
        return self._calls.clock.is_heard


_post_in = reader(posts.one_post)


@lru_cache(256)
def _path_of(post_id: str) -> str:
    return f"/v2/scheduler/posts/{quote(post_id, safe='')}"


def _knows_no_such_post(answer: Answer) -> bool:
    """Return whether Metricool itself says that it has no post with the id of the call.

    A 404 by id is certain, but its body was never captured: Metricool's envelope as with every
    other refusal, or the empty one of a Spring controller that finds nothing. A gateway that has
    lost its Metricool says 404 as well, with a page or JSON of its own: that is no look at all.
    A deleted id was also told of as a 400, which proves nothing without the envelope.
    """
    if answer.status == NO_CONTENT:
        return True
    if answer.status == NOT_FOUND and not answer.body:
        return answer.has_marked_end
    is_refusal = words.refusal_words(parsed(answer.body)) is not None
    return is_refusal and answer.status in (NOT_FOUND, BAD_REQUEST)
