"""Batches and clips as values, without any database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from storyclip.domain.batch import Batch, OnFailure, Status
from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network

T0 = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def a_clip(index: int = 1, state: State = State.PENDING, **facts: Any) -> Clip:
    clip = Clip(
        id=index,
        batch_id="b1",
        index=index,
        lane=Lane(1, "2000001", Network.FACEBOOK),
        client_id=f"clip_{index}",
        source_url=f"https://cdn.example.com/{index}.mp4",
        title=f"Clip {index}",
        state=state,
        revision=0,
        attempts=0,
        next_at=None,
    )
    return replace(clip, **facts)


def a_batch(total: int = 3, **facts: Any) -> Batch:
    batch = Batch(
        batch_id="b1",
        job_id="job_1",
        user_id="ana",
        key_id=None,
        lane_id=1,
        account_id="2000001",
        network=Network.FACEBOOK,
        mode=Mode.NOW,
        on_failure=OnFailure.CONTINUE,
        gap_s=0.0,
        turn=1,
        place=1,
        status=Status.PROCESSING,
        total=total,
        published=0,
        failed=0,
        unconfirmed=0,
        cancelled=0,
        current_index=0,
        last_seq=1,
        error=None,
        scheduled_for=None,
        schedule=None,
        pause_requested_at=None,
        cancel_requested_at=None,
        created_at=T0,
        started_at=None,
        completed_at=None,
    )
    return replace(batch, **facts)
