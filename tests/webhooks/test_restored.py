"""What a receiver that drops what it has heard hears after the database was put back."""

from __future__ import annotations

from pathlib import Path

from storyclip.store import database
from storyclip.store.publishing import clips
from storyclip.store.service import newest
from storyclip.store.service.restore import place_at
from tests.store.test_backup import saved
from tests.webhooks.conftest import LIVE, REFUSED, Post


def test_a_message_after_a_restore_has_the_id_of_none_that_said_something_else(
    post: Post, store: str, tmp_path: Path
):
    first, second, _ = post.batch(count=3)
    post.walk(first, *LIVE)
    newest.live(post.at, None, is_boot=True)
    file = saved(store, tmp_path / "kept")
    post.walk(second, *LIVE)
    post.tell_all()
    before = {one.headers["webhook-id"]: one.body for one in post.receiver.heard}

    database.disconnect()
    place_at(store).replace(file, post.at)
    database.connect(store)
    newest.live(post.at, None, is_boot=True)
    [other] = post.batch("b2", 1, account="2")
    with database.writing():  # as a look finds nothing
        database.run("UPDATE lanes SET doubted_since = NULL, doubted_until = NULL")
    post.walk(clips.of_batch("b1")[1], *REFUSED)
    post.walk(other, *LIVE)
    post.tell_all()

    later = {one.headers["webhook-id"]: one.body for one in post.receiver.heard[len(before) :]}
    new = [body["type"] for name, body in later.items() if name not in before]
    assert sorted(new) == ["batch.completed", "clip.failed", "clip.published"]
    assert all(before[name] == body for name, body in later.items() if name in before)
