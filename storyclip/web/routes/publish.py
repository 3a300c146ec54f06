"""Starting a batch."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from flask import Blueprint, Response, request

from storyclip.domain.batch import Batch, Status
from storyclip.domain.dates import fair_use
from storyclip.domain.dates.best_time import MINUTE_S, Wish, best_plan
from storyclip.domain.dates.instants import parse_instant
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.timetable import Timetable, at_best_times, at_once, scheduled
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import Scope
from storyclip.domain.views import rfc3339, schedule_view
from storyclip.flow.accept import accept
from storyclip.store.access.keys import Holder
from storyclip.store.publishing import lanes, quota
from storyclip.store.publishing.batches import made_before
from storyclip.store.publishing.new_batch import IdempotencyKey, NewBatch, NewClip
from storyclip.store.publishing.running import Caps, require_room
from storyclip.web.door import auth, limits
from storyclip.web.front import front
from storyclip.web.routes.sequence import Wanted, sequence
from storyclip.web.said import headers, json_body
from storyclip.web.said.answers import answer
from storyclip.web.said.bodies import PublishSettings, StoriesRequest, parse
from storyclip.web.said.problem_kinds import BAD_IDEMPOTENCY_KEY
from storyclip.web.said.problems import Problem
from storyclip.web.said.receiver import webhook_of
from storyclip.web.said.shapes import Created, CreatedSettings
from storyclip.web.said.zones import zone_for

routes = Blueprint("publishing", __name__, url_prefix="/api/metricool")

_IDEMPOTENCY_KEY = re.compile(headers.IDEMPOTENCY_KEY)


@routes.post("/publish/stories")
def publish_stories() -> Response:
    """Record a batch, and answer before anything of it is sent."""
    who = auth.holder(Scope.PUBLISH)
    said = json_body.read()
    stories = parse(StoriesRequest, said)
    auth.require_account(who, stories.settings.account)
    idempotency = _idempotency(said)
    batch = made_before(who.own, idempotency) if idempotency else None
    if batch is None:  # a repeat is answered as before, though its dates may be over now
        settings = front().settings
        caps = Caps(settings.max_running_batches, settings.max_running_clips)
        clips = sequence(stories, who)
        require_room(who.user_id, len(clips), caps)
        if (check := front().check_clips) is not None:
            limits.wait_elsewhere()
            check([post.url for post in stories.posts], who.user_id)
        new = _new_batch(stories, clips, who)
        still = partial(auth.require_till_commit, who, Scope.PUBLISH, new.account_id)
        batch = accept(new, front().now(), idempotency, settings.quota_24h, still)
    body = _created(batch, stories.settings)
    told = {"Location": body["links"]["status"]}
    if (warning := _month_warning(batch)) is not None:
        told["Warning"] = f'199 storyclip "{warning}"'
    return answer(body, 202, told)


def _new_batch(stories: StoriesRequest, clips: Sequence[Wanted], who: Holder) -> NewBatch:
    timetable = _timetable(stories, len(clips))
    return NewBatch(
        batch_id=str(uuid.uuid4()),
        job_id=stories.job_id,
        user_id=who.user_id,
        key_id=who.key_id,
        account_id=stories.settings.account,
        network=stories.settings.network,
        on_failure=stories.settings.on_failure,
        gap_s=timetable.gap_s,
        clips=tuple(
            NewClip(clip.client_id, clip.source, clip.title, date)
            for clip, date in zip_longest(clips, timetable.dates)
        ),
        mode=timetable.mode,
        schedule=timetable.schedule,
        webhook_url=webhook_of(stories.settings, who),
    )


def _month_warning(batch: Batch) -> str | None:
    month = fair_use.month_of(batch.scheduled_for or front().now())
    try:
        lane = lanes.find(batch.lane_id)
        if lane.month_counted_at is None:
            return None
        ours = quota.not_counted(batch.account_id, month, lane.month_counted_at)
    except StoreUnavailable:
        return None  # the batch is recorded: that has to be said, whatever became of the database
    return fair_use.warning(lane, month, ours, batch.total)


def _timetable(stories: StoriesRequest, count: int) -> Timetable:
    asked = stories.schedule
    settings, now = front().settings, front().now()
    if asked.mode is Mode.SCHEDULED:
        said_at = asked.scheduled_at or ""
        first = parse_instant(said_at, asked.timezone, now, settings.lead_s)
        return scheduled(first, count, asked.interval_minutes, settings.date_step_s)
    if asked.mode is Mode.BEST_TIME:
        account = stories.settings.account
        zone = zone_for(account, asked.timezone, "/schedule/timezone")
        interval_s = float(asked.interval_minutes * MINUTE_S)
        wish = Wish(asked.distribution, count, interval_s, asked.within_days)
        heat = front().heat_maps.of(account, stories.settings.network, zone)
        plan = best_plan(heat, zone, now, wish, settings.lead_s, settings.date_step_s)
        return at_best_times(plan, wish, zone, settings.date_step_s)
    return at_once(stories.settings.gap_s)


def _idempotency(said: Any) -> IdempotencyKey | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Problem(BAD_IDEMPOTENCY_KEY)
    return IdempotencyKey(key, sha256(json_body.canonical(said)).hexdigest())


def _created(batch: Batch, settings: PublishSettings) -> Created:
    """Return the first answer from what never changes, so that a repeat gets the very same."""
    query = f"?batchId={batch.batch_id}"
    shown: CreatedSettings = {
        "accountId": batch.account_id,
        "network": batch.network,
        "onFailure": batch.on_failure,
    }
    if settings.publish_speed:
        shown["publishSpeed"] = settings.publish_speed
    if settings.webhook_url:
        shown["webhookUrl"] = settings.webhook_url
    return {
        "batchId": batch.batch_id,
        "tenant": batch.user_id,
        "status": Status.PROCESSING,
        "posts": {"total": batch.total, "queued": batch.total},
        "schedule": schedule_view(batch),
        "settings": shown,
        "createdAt": rfc3339(batch.created_at),
        "links": {
            "status": f"/api/metricool/status{query}",
            "stream": f"/api/metricool/stream{query}",
            "ws": f"/api/metricool/ws{query}",
        },
    }
