"""Of the room for files nobody has all, and of whose batches a file is nobody else is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storyclip.domain.clip_source import piece_of
from storyclip.domain.file_errors import SpoolFull
from storyclip.flow import disk_room, take_in, taking
from storyclip.spool.local import Spool
from storyclip.store.files import files, transfers
from storyclip.store.publishing import clips
from tests.people import key_for
from tests.web.conftest import NOON, Someone, good
from tests.web.test_files import BYTES, WHOLE, announce, bring, code_of, forget, head, ready


def test_a_user_has_a_third_of_the_room_and_bytes_to_come_are_theirs_already(ana, bea, monkeypatch):
    monkeypatch.setattr(Spool, "free_bytes", lambda _: 10**12)
    for _ in range(4):
        where = announce(ana, 4_000_000_000).headers["Location"]

    refused = announce(ana, 700_000_000)

    assert code_of(refused, 507) == "spool_full"
    assert refused.get_json()["left"] == 50_000_000_000 // 3 // 1_000_000 * 1_000_000 - 16 * 10**9
    assert announce(bea, 4_000_000_000).status_code == 201
    forget(ana, where)
    assert announce(ana, 700_000_000).status_code == 201


def test_what_is_made_anew_counts_as_well(ana, app):
    where = announce(ana).headers["Location"]
    bring(ana, where, BYTES)
    front = app.extensions["storyclip"]
    narrow = front.settings.model_copy(update={"media_max_mb_a_user": 1, "media_max_mb": 10})
    app.extensions["storyclip"] = replace(front, settings=narrow)
    announce(ana, 1_000_000 - 2 * len(BYTES))

    assert announce(ana, sha256=WHOLE, fit="crop").status_code == 201
    assert code_of(announce(ana, sha256=WHOLE, cutMarks="3"), 507) == "spool_full"


def test_a_key_for_another_account_does_not_see_for_which_batch_a_file_is_sent(ana):
    where = announce(ana).headers["Location"]
    bring(ana, where, BYTES)
    ready(where)
    batch = ana.publish(good(posts=[{"file": where.rpartition("/")[2]}])).get_json()
    (clip,) = clips.of_batch(batch["batchId"])
    piece = piece_of(clip.source_url)
    assert piece is not None
    assert transfers.bring(clip, piece, NOON)
    elsewhere = Someone(ana.client, key_for("ana", {"read"}, {"2000002"}, at=NOON))

    (sending,) = ana.get(where).get_json()["sending"]
    assert (sending["batchId"], sending["clip"]) == (batch["batchId"], 1)
    assert elsewhere.get(where).get_json()["sending"] == []


def test_what_others_fill_meanwhile_ends_a_file_before_the_disk_is_full(ana, monkeypatch):
    where = announce(ana).headers["Location"]
    bring(ana, where, BYTES[:100])

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "free_bytes", lambda _: disk_room.DISK_FLOOR_BYTES)
        stopped = bring(ana, where, BYTES[100:], 100)

    assert code_of(stopped, 507) == "spool_full"
    assert head(ana, where).headers["Upload-Offset"] == "100"
    assert bring(ana, where, BYTES[100:], 100).status_code == 204


def test_the_room_is_looked_at_again_with_all_that_is_noted(ana, app, monkeypatch):
    file_id = announce(ana).headers["Location"].rpartition("/")[2]
    left = iter([disk_room.DISK_FLOOR_BYTES + 100, disk_room.DISK_FLOOR_BYTES + 99])
    monkeypatch.setattr(taking, "NOTED_BYTES", 100)
    monkeypatch.setattr(Spool, "free_bytes", lambda _: next(left))
    blocks = iter([BYTES[:50], BYTES[50:100], BYTES[100:]])
    spool = app.extensions["storyclip"].spool

    with pytest.raises(SpoolFull):
        take_in.receive(file_id, 0, blocks, None, spool, lambda: NOON, lambda: 0.0)

    assert files.find(file_id).received == 100
