"""Webhooks: which changes a receiver hears of, and in what words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from storyclip.domain.clip import ENDED, State
from storyclip.domain.clip_url import MAX_URL_LENGTH, objection_to
from storyclip.domain.errors import RetrySafety
from storyclip.domain.network import Network

GIVE_UP_AFTER = timedelta(hours=24)  # of failures in a row
_OF_BATCH = {
    "completed": "batch.completed",
    "error": "batch.failed",
    "paused": "batch.paused",
    "cancelled": "batch.cancelled",
}
_COUNTED = ("published", "errors", "unconfirmed")

Json = Mapping[str, Any]


def objection_to_receiver(url: str, *, allow_private: bool) -> str | None:
    """Return why webhooks are not to go to `url`, None if they may.

    With `allow_private`, http and any host will do; without, the rules for a clip's URL hold.
    """
    if not allow_private:
        return objection_to(url)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "not a valid URL"
    if not (url.isascii() and url.isprintable()) or " " in url or len(url) > MAX_URL_LENGTH:
        return f"expected visible ASCII characters, at most {MAX_URL_LENGTH}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "expected an https:// or http:// URL"
    return "no user name or password in a URL" if "@" in parts.netloc else None


def may_matter(event: Json) -> bool:
    """Return whether a receiver may have to hear of an event: cheap, and never wrongly False."""
    clip = event["clip"]
    return event["type"] in _OF_BATCH or (clip is not None and State(clip["status"]) in ENDED)


def messages_of(event: Json, before: Json | None) -> list[str]:
    """Return the types of the messages that an event makes, the clip's before its batch's.

    `before` is the event just before it: a clip's end is told where it changed the counters, so
    that one which only moved in Metricool after it had failed is not told twice.
    """
    messages = []
    clip = event["clip"]
    if clip is not None and before is not None and _counters(event) != _counters(before):
        if clip["status"] == State.PUBLISHED:
            messages.append("clip.published")
        if clip["status"] == State.FAILED:
            is_open = clip["retrySafety"] == RetrySafety.CHECK_FIRST
            messages.append("clip.unconfirmed" if is_open else "clip.failed")
    if event["type"] in _OF_BATCH:
        messages.append(_OF_BATCH[event["type"]])
    return messages


def message_id(kind: str, event: Json, epoch: int) -> str:
    """Return the id of a message: the same at each attempt, and without a full stop.

    With the epoch of the event's row, where a database was put back before: its number may have
    been another event's, of rows that are lost.
    """
    number = f"{event['seq']}e{epoch}" if epoch else event["seq"]
    return f"{event['batchId']}_{number}_{kind.replace('.', '_')}"


def payload(kind: str, event: Json, job_id: str | None, account_id: str, network: Network) -> Json:
    """Return the body of a message: the batch as it was after the event."""
    return {
        "type": kind,
        "timestamp": event["timestamp"],
        "data": {
            "batchId": event["batchId"],
            "jobId": job_id,
            "seq": event["seq"],
            "accountId": account_id,
            "network": network,
            "status": event["status"],
            "total": event["total"],
            "published": event["published"],
            "failed": event["errors"],
            "unconfirmed": event["unconfirmed"],
            "cancelled": event["cancelled"],
            "clip": event["clip"],
        },
    }


def is_hopeless(failing_since: datetime, now: datetime) -> bool:
    """Return whether a receiver has failed for so long that no more is tried."""
    return now - failing_since >= GIVE_UP_AFTER


def _counters(event: Json) -> list[int]:
    return [event[name] for name in _COUNTED]
