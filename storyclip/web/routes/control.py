"""The user's hand on a batch: pause, resume, cancel, retry; each answers with the summary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from flask import Blueprint, Response

from storyclip.domain.batch import Batch
from storyclip.domain.errors import MayBeDone, StoreUnavailable
from storyclip.domain.holder import Holder, Scope
from storyclip.flow.control import Hand, Outcome
from storyclip.flow.retry import Retried, Retry
from storyclip.store.publishing import batches
from storyclip.web.door import auth, limits
from storyclip.web.front import front
from storyclip.web.said import shapes, spanish
from storyclip.web.said.answers import answer
from storyclip.web.said.queries import OfBatch, Resuming, Retrying, asked
from storyclip.web.said.shapes import Acted, Again, Cancelled, Paused
from storyclip.web.said.shown import batch_id_of, summary

routes = Blueprint("control", __name__, url_prefix="/api/metricool")

Asked = TypeVar("Asked", bound=OfBatch)


@routes.post("/pause")
def pause() -> Response:
    """Let the clip in hand finish, and start no other."""
    who, batch, _ = _theirs(OfBatch)
    with _may_be_done():
        still_out = _hand(who).pause(batch)
        paused: Paused = {**_acted(batch, who), "mayGoOut": still_out}
        return answer(paused)


@routes.post("/resume")
def resume() -> Response:
    """Go on at the next clip."""
    who, batch, said = _theirs(Resuming)
    with _may_be_done():
        _hand(who).resume(batch, order_may_change=said.confirm_order)
        return answer(_acted(batch, who))


@routes.post("/cancel")
def cancel() -> Response:
    """End the rest, and say what is out and what is not."""
    who, batch, _ = _theirs(OfBatch)
    with _may_be_done():
        outcome = _hand(who).cancel(batch)
        cancelled: Cancelled = {**_acted(batch, who), "outcome": _shown(outcome)}
        return answer(cancelled)


@routes.post("/retry-failed")
def retry_failed() -> Response:
    """Ask again for what failed, where that cannot make a second story."""
    who, batch, said = _theirs(Retrying)
    still = partial(auth.require_hand_till_commit, who)
    retry = Retry(front().upstream, front().settings, front().now(), who.reach, still)
    with _may_be_done():
        _hand(who).until_known(batch)
        done = retry(
            batch,
            said.clip,
            order_may_change=said.confirm_order,
            absence_confirmed=said.confirm_absent,
        )
        told = answer(_again(batch, done, who))
        told.vary.add("Accept-Language")  # the details of what was left alone
        return told


@contextmanager
def _may_be_done() -> Iterator[None]:
    """Say of a database that goes away from here on only what is known: the wish may be written.

    Raises:
        MayBeDone: it went away.
    """
    try:
        yield
    except StoreUnavailable as failure:
        raise MayBeDone(str(failure)) from failure


def _theirs(query: type[Asked]) -> tuple[Holder, Batch, Asked]:
    who = auth.holder(Scope.PUBLISH)
    said = asked(query)
    batch = batches.find(batch_id_of(said.batch_id), who.reach).batch
    limits.wait_elsewhere()
    return who, batch, said


def _hand(who: Holder) -> Hand:
    still = partial(auth.require_hand_till_commit, who)
    return Hand(front().settings, front().now, front().patience, who.reach, still)


def _shown(outcome: Outcome) -> shapes.Outcome:
    return {
        "published": outcome.published,
        "cancelled": outcome.cancelled,
        "failed": outcome.failed,
        "unknown": outcome.unknown,
    }


def _again(batch: Batch, done: Retried, who: Holder) -> Again:
    return {
        **_acted(batch, who),
        "order": "appended" if done.is_late else "kept",
        "retried": done.sent_again,
        "foundLive": done.found_live,
        "notRetried": [
            {"clip": index, "code": why.code, "detail": spanish.refusal(why), **why.facts}
            for index, why in done.refused
        ],
    }


def _acted(batch: Batch, who: Holder) -> Acted:
    """Return the batch as it is now, whatever else has happened to it meanwhile.

    The summary stands at the top level, and as in the other answers under `batch`.
    """
    shown = summary(batches.find(batch.batch_id, who.reach))
    return {"success": True, **shown, "batch": shown}
