"""Thousands of steps that go wrong at random, with kills and pauses in between: seeds tell all.

A transfer always ends; what is stored is the right bytes; and no file that lies in Metricool's
library without a clip is one that nobody counted.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from storyclip.domain.errors import UpstreamBusy, UpstreamDenied
from storyclip.domain.transfer import Stage, Transfer
from storyclip.domain.transfer_moves import let_go
from storyclip.sandbox import in_process, uploads
from tests.sandbox.here import NOON_MS
from tests.upstream.in_process import metricool_in
from tests.upstream.sending import ACCOUNT, Sender, file_of

BODY = b"a story in three parts"
WAYS = {"simple": file_of(BODY), "in parts": file_of(BODY[:8], BODY[8:15], BODY[15:])}
SEEDS = range(150)
FAULTS: list[dict[str, Any]] = [
    {"fault": "open_upload_fails", "status": 502},
    {"fault": "open_upload_fails", "status": 402},
    {"fault": "open_then_drop"},
    {"fault": "uploads_off"},
    {"fault": "busy_429", "call": "complete_upload"},
    {"fault": "upload_expires", "seconds": 61},
    {"fault": "part_refused"},
    {"fault": "part_busy"},
    {"fault": "part_cut"},
    {"fault": "part_then_drop"},
    {"fault": "complete_upload_fails"},
    {"fault": "complete_upload_fails", "status": 409},
    {"fault": "complete_then_drop"},
    {"fault": "complete_without_url"},
    {"fault": "ask_upload_fails", "status": 500},
    {"fault": "abort_upload_fails", "status": 500},
]


class Killed(Exception):
    """The process is gone; what is written stays."""


class Life:
    """One transfer's, from one seed."""

    def __init__(self, seed: int, way: str) -> None:
        self.draw = random.Random(f"{seed} {way}")
        faults = [
            fault | {"times": self.draw.randint(1, 3), "skip": self.draw.randint(0, 2)}
            for fault in self.draw.sample(FAULTS, self.draw.randint(0, 6))
        ]
        self.sandbox = in_process.start(NOON_MS, faults=faults)
        self.deaths_left = self.draw.randint(0, 4)
        self.pauses_left = self.draw.randint(0, 2)
        metricool = metricool_in(self.sandbox, self.gap)
        self.sender = Sender(metricool, BODY, Transfer(ACCOUNT, WAYS[way]))
        self.sender.now = datetime.fromtimestamp(NOON_MS / 1000, UTC)

    def gap(self, where: str) -> None:
        if self.deaths_left and self.draw.random() < 0.15:
            self.deaths_left -= 1
            raise Killed(where)

    def lived(self) -> Transfer:
        while self.sender.transfer.stage not in (Stage.STORED, Stage.FAILED):
            try:
                self.sender.run(until=lambda _: self.interrupted())
            except (Killed, UpstreamDenied, UpstreamBusy):
                self.passes(1)
            assert len(self.sender.steps) < 300
        return self.sender.transfer

    def interrupted(self) -> bool:
        """Let time pass, and at times pause the clip, which takes its upload away."""
        self.passes(self.draw.choice((0, 1, 40)))
        transfer = self.sender.transfer
        is_under_way = transfer.stage in (Stage.OPENED, Stage.COMPLETING)
        if self.pauses_left and is_under_way and self.draw.random() < 0.2:
            self.pauses_left -= 1
            self.sender.transfer = let_go(transfer)
        return False

    def passes(self, seconds: float) -> None:
        """Let time pass by everybody's clock; where it waits, the sender's is ahead."""
        self.sender.now += timedelta(seconds=seconds)
        clock = self.sandbox.clock
        clock.not_before(round(self.sender.now.timestamp() * 1000))


@pytest.mark.parametrize("way", WAYS)
def test_every_transfer_ends_with_the_right_bytes_and_every_orphan_counted(way, monkeypatch):
    monkeypatch.setattr(uploads, "MIN_PART_BYTES", 1)
    stored = 0

    for seed in SEEDS:
        life = Life(seed, way)
        transfer = life.lived()
        lines = [line for line in life.sandbox.ledger.lines() if line["event"] == "uploaded"]

        assert {line["sha256"] for line in lines} <= {sha256(BODY).hexdigest()}
        is_stored = transfer.stage is Stage.STORED
        assert [line["media"] for line in lines].count(str(transfer.media_url)) == is_stored
        assert len(lines) - is_stored <= transfer.orphans, f"seed {seed}: {life.sender.steps}"
        stored += is_stored
    assert stored > len(SEEDS) * 0.8
