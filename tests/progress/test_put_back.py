"""Streams that are open while the rows are put back: nobody takes new numbers for old ones."""

from __future__ import annotations

from storyclip.progress import hub as hubs
from storyclip.progress.cursor import BatchCursor
from tests.eventually import eventually
from tests.store.making import made, published, sql


def given_anew(seq: int) -> None:
    """Have the rows be put back and go on until they have as many events again."""
    sql("UPDATE publish_batch_events SET epoch = 1 WHERE seq >= ?", seq)
    sql("UPDATE service SET epoch = 1")


def test_who_has_what_was_put_back_is_sent_away_however_many_events_there_are(watch, hub):
    published(made()[0])
    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: seen.seqs() == [1, 2, 3, 4])
    eventually(lambda: hub._epoch == 0 and hub._rooms.seqs() == {"b1": 4})

    given_anew(4)

    eventually(lambda: seen.ending() == "stopping")


def test_what_follows_on_numbers_given_anew_is_handed_to_nobody(watch, hub, monkeypatch):
    monkeypatch.setattr(hubs, "LOOK_EVERY_S", 3600.0)
    one, two, _ = made()
    published(one)
    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: hub._rooms.seqs() == {"b1": 4})

    given_anew(4)
    published(two)
    hub.tell("b1", 7)

    eventually(lambda: seen.ending() == "stopping")
    assert seen.seqs() == [1, 2, 3, 4]
