"""Rows to values and back: which column holds which fact, and in what form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import compress
from operator import attrgetter, is_not
from typing import Any

from storyclip.domain.batch import Batch, OnFailure, Status
from storyclip.domain.changing import maker
from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import RetrySafety
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.store.instants import to_instant, to_text

Column = tuple[str, Callable[[Any], Any], Callable[[Any], Any]]  # its name, to the row, from it


def _same(value: Any) -> Any:
    return value


def _plans_text(plans: tuple[datetime, ...]) -> str:
    return " ".join(to_text(plan) or "" for plan in plans)


def _plans(text: str) -> tuple[datetime, ...]:
    return tuple(datetime.fromisoformat(plan) for plan in text.split())


def _words_text(words: tuple[str, ...]) -> str:
    return " ".join(words)  # URLs, which hold no spaces


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _json_text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _json(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else dict(json.loads(text))


def _plain(name: str) -> Column:
    return name, _same, _same


def _time(name: str) -> Column:
    return name, to_text, to_instant


def _chosen(name: str, kind: type[StrEnum]) -> Column:
    words = {word.value: word for word in kind}  # ten times as fast as to ask the class
    return name, str, lambda value: words.get(value) or kind(value)


def _safety(value: str | None) -> RetrySafety | None:
    return RetrySafety(value) if value else None


CLIP: dict[str, Column] = {
    "id": _plain("id"),
    "batch_id": _plain("batch_id"),
    "index": _plain("clip_index"),
    "client_id": _plain("client_id"),
    "source_url": _plain("clip_url"),
    "title": _plain("clip_title"),
    "state": _chosen("status", State),
    "revision": _plain("revision"),
    "attempts": _plain("attempts"),
    "next_at": _time("next_at"),
    "rung_at": _time("rung_at"),
    "worker": _plain("worker"),
    "media_url": _plain("media_url"),
    "intended_at": _time("intended_at"),
    "plans": ("plans", _plans_text, _plans),
    "sends": _plain("sends"),
    "wished_for": _time("wished_for"),
    "planned_for": _time("scheduled_at"),
    "post_id": _plain("metricool_post_id"),
    "post_uuid": _plain("post_uuid"),
    "shown_media": ("shown_media", _words_text, _words),
    "network_post_id": _plain("facebook_post_id"),
    "public_url": _plain("public_url"),
    "checks": _plain("checks"),
    "seen_at": _time("seen_at"),
    "missing_since": _time("missing_since"),
    "recall_wished_at": _time("recall_wished_at"),
    "taken_back_at": _time("taken_back_at"),
    "order_waived": ("order_waived", int, bool),
    "postponed_since": _time("postponed_since"),
    "postponements": _plain("postponements"),
    "error": _plain("error_msg"),
    "error_code": _plain("error_code"),
    "retry_safety": ("retry_safety", _same, _safety),
    "uploaded_at": _time("uploaded_at"),
    "published_at": _time("published_at"),
}

BATCH: dict[str, Column] = {
    "batch_id": _plain("batch_id"),
    "job_id": _plain("job_id"),
    "user_id": _plain("user_id"),
    "key_id": _plain("key_id"),
    "lane_id": _plain("lane_id"),
    "account_id": _plain("account_id"),
    "network": _chosen("network", Network),
    "mode": _chosen("publish_mode", Mode),
    "on_failure": _chosen("on_failure", OnFailure),
    "gap_s": _plain("gap_s"),
    "turn": _plain("turn"),
    "place": _plain("place"),
    "status": _chosen("status", Status),
    "total": _plain("total_clips"),
    "published": _plain("published_clips"),
    "failed": _plain("failed_clips"),
    "unconfirmed": _plain("unconfirmed_clips"),
    "cancelled": _plain("cancelled_clips"),
    "current_index": _plain("current_clip_index"),
    "last_seq": _plain("last_seq"),
    "error": _plain("error_msg"),
    "scheduled_for": _time("scheduled_for"),
    "schedule": ("schedule", _json_text, _json),
    "pause_requested_at": _time("pause_requested_at"),
    "cancel_requested_at": _time("cancel_requested_at"),
    "held_at": _time("held_at"),
    "created_at": _time("created_at"),
    "started_at": _time("started_at"),
    "completed_at": _time("completed_at"),
}

LANE: dict[str, Column] = {
    "id": _plain("id"),
    "account_id": _plain("account_id"),
    "network": _chosen("network", Network),
    "blocked_reason": _plain("blocked_reason"),
    "blocked_since": _time("blocked_since"),
    "reopened_at": _time("reopened_at"),
    "lead_s": _plain("lead_s"),
    "lead_until": _time("lead_until"),
    "changes_media": ("changes_media", int, bool),
    "month_count": _plain("month_count"),
    "month_counted_at": _time("month_counted_at"),
    "doubted_since": _time("doubted_since"),
    "doubted_until": _time("doubted_until"),
    "held_at": _time("held_at"),
}

CLIP_COLUMNS = ", ".join(f"c.{column[0]}" for column in CLIP.values())
LANE_COLUMNS = ", ".join(f"l.{column[0]}" for column in LANE.values())
SELECT_CLIP = (
    f"SELECT {CLIP_COLUMNS}, {LANE_COLUMNS} FROM publish_batch_clips c"
    " JOIN lanes l ON l.id = c.lane_id"
)
BATCH_COLUMNS = ", ".join(f"b.{column[0]}" for column in BATCH.values())
SELECT_BATCH = f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.batch_id = ?"


KEPT = 1024  # values by their rows: most rows that are read have not changed since


def _reader(shape: dict[str, Column]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    names, places = tuple(shape), tuple(enumerate(shape.values()))
    read = tuple((place, column[2]) for place, column in places if column[2] is not _same)

    def facts(row: tuple[Any, ...]) -> dict[str, Any]:
        values = list(row)
        for place, from_row in read:
            if (value := values[place]) is not None:  # most are, and nothing stays nothing
                values[place] = from_row(value)
        return dict(zip(names, values, strict=True))

    return facts


_clip_facts, _lane_facts, _batch_facts = _reader(CLIP), _reader(LANE), _reader(BATCH)
_clip, _lane, _batch = maker(Clip), maker(Lane), maker(Batch)


@lru_cache(KEPT)
def clip_of(row: tuple[Any, ...]) -> Clip:
    """Return the clip of a row of SELECT_CLIP."""
    return _clip(lane=lane_of(row[len(CLIP) :]), **_clip_facts(row[: len(CLIP)]))


@lru_cache(KEPT)
def lane_of(row: tuple[Any, ...]) -> Lane:
    """Return the lane of a row of LANE_COLUMNS."""
    return _lane(**_lane_facts(row))


@lru_cache(KEPT)
def batch_of(row: tuple[Any, ...]) -> Batch:
    """Return the batch of a row of BATCH_COLUMNS."""
    return _batch(**_batch_facts(row))


_facts_of = lru_cache(attrgetter)  # many attributes in one go


def columns_of(shape: Mapping[str, Column], old: Any, new: Any) -> dict[str, Any]:
    """Return the columns that differ between two values, in the form that the row takes."""
    facts = _facts_of(*shape)
    were, are = facts(old), facts(new)
    others = compress(zip(shape.values(), were, are, strict=True), map(is_not, were, are))
    return {column: write(now) for (column, write, _), was, now in others if was != now}
