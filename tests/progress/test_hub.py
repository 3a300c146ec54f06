"""What every viewer is handed: each event once, in order, whatever Redis says or does not."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta

from storyclip.domain.clip import Event, State
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.names import names
from storyclip.progress import hub as hubs
from storyclip.progress.cursor import MARGIN, BatchCursor, UserCursor, read_places
from storyclip.progress.follow import follow
from storyclip.progress.outbox import Outbox
from storyclip.progress.viewer import Viewer
from storyclip.store.access import keys, sessions, users
from storyclip.store.history import events, streams
from storyclip.store.publishing import clips
from tests.eventually import eventually
from tests.people import key_for, of, session_of
from tests.progress.conftest import BADGE, NOTES, PATIENCE_S
from tests.store.making import T0, brought_to, made, published, sql, the_batch, walked


def all_of_ana(*named: str, since: datetime = T0 - MARGIN) -> UserCursor:
    cursor = UserCursor(since)
    for name in named:
        batch = the_batch(name)
        cursor.add(name, (batch.lane_id, batch.turn), 0)
    return cursor


def test_the_past_and_the_present_are_one_sequence(watch):
    one, two, _ = made()
    published(one)

    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: len(seen.seqs()) == 4)
    published(two)

    eventually(lambda: seen.seqs() == [1, 2, 3, 4, 5, 6, 7])


def test_a_cursor_resumes_after_its_event(watch):
    published(made()[0])

    seen = watch(BatchCursor("b1", 2))

    eventually(lambda: seen.seqs() == [3, 4])


def test_the_end_of_the_batch_is_the_end_of_the_stream(watch):
    clip = made(count=1)[0]
    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: seen.seqs() == [1])

    published(clip)

    eventually(lambda: seen.ending() == "done")
    assert seen.seqs() == [1, 2, 3, 4]


def test_who_comes_after_the_end_gets_the_history_and_the_end(watch):
    published(made(count=1)[0])

    seen = watch(BatchCursor("b1", 0), has_ended=True)
    late = watch(BatchCursor("b1", 4), has_ended=True)

    eventually(lambda: seen.ending() == late.ending() == "done")
    assert (seen.seqs(), late.seqs()) == ([1, 2, 3, 4], [])


def test_a_late_heal_is_told_to_who_comes_again(watch):
    healed = brought_to(State.FAILED, made(count=1)[0])
    walked(healed, Event.SEEN_LIVE)

    seen = watch(BatchCursor("b1", 4), has_ended=True)

    eventually(lambda: seen.ending() == "done")
    assert seen.seqs() == [5]


def test_all_batches_of_a_user_come_in_one_stream_with_those_that_start_later(watch):
    made("b1", account="1")
    seen = watch(all_of_ana("b1"))
    eventually(lambda: seen.seqs("b1") == [1])

    made("b2", account="2")
    made("other", account="3", user="bea")

    eventually(lambda: seen.seqs("b2") == [1])
    assert seen.seqs("other") == []


def test_the_end_of_one_batch_does_not_end_the_stream_of_all(watch):
    one, other = made("b1", 1, account="1")[0], made("b2", 1, account="2")[0]
    seen = watch(all_of_ana("b1", "b2"))

    published(one)
    eventually(lambda: seen.seqs("b1") == [1, 2, 3, 4])
    published(other)

    eventually(lambda: seen.seqs("b2") == [1, 2, 3, 4])
    assert seen.ending() is None


def test_the_word_of_all_batches_says_what_was_handed_over(watch):
    made("b1", account="1")
    made("b2", account="2")
    seen = watch(all_of_ana("b1", "b2"))
    eventually(lambda: len(seen.lines) == 3)

    published(clips.of_batch("b2")[0])
    eventually(lambda: len(seen.seqs("b2")) == 4)

    lane = {name: (the_batch(name).lane_id, the_batch(name).turn) for name in ("b1", "b2")}
    assert read_places(seen.word())[1] == {lane["b1"]: (1, 0), lane["b2"]: (4, 0)}


def test_a_batch_that_runs_again_goes_on_where_it_was_left(watch, clock):
    failed = brought_to(State.FAILED, made(count=1)[0])
    clock.at = T0 + timedelta(hours=1)
    walked(failed, Event.RECHECKED, at=clock.at)  # as a user's retry does
    sql("UPDATE publish_batches SET completed_at = NULL, status = 'processing'")

    seen = watch(UserCursor(clock.at - MARGIN))

    eventually(lambda: seen.seqs() == [5])


def test_forged_news_changes_nothing(watch, hub):
    made()
    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: seen.seqs() == [1])

    hub.tell("b1", 10**9)
    hub.tell("nobody's", 7)
    published(clips.of_batch("b1")[0])

    eventually(lambda: seen.seqs() == [1, 2, 3, 4])


def test_news_is_followed_up_at_once(watch, hub, monkeypatch):
    monkeypatch.setattr(hubs, "LOOK_EVERY_S", 3600)
    made()
    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: seen.seqs() == [1])
    hub.tell("b1", 1)  # the look that was due before
    published(clips.of_batch("b1")[0])

    hub.tell("b1", 4)

    eventually(lambda: seen.seqs() == [1, 2, 3, 4])


def test_the_streams_of_a_revoked_key_end_and_others_go_on(watch, hub):
    made()
    good, bad = (key_for("ana", {"read"}, at=T0).split("_")[1] for _ in range(2))
    revoked = watch(BatchCursor("b1", 0), key_id=bad)
    stays = watch(BatchCursor("b1", 0), key_id=good)
    eventually(lambda: len(hub._rooms.everybody()) == 2)
    keys.revoke(bad, T0)

    hub.check_badges()

    eventually(lambda: revoked.ending() == "revoked")
    assert stays.ending() is None


def test_the_streams_of_who_reaches_no_further_end_and_others_go_on(watch, hub):
    made()
    ana, bea = (key_for(user, {"read"}, at=T0).split("_")[1] for user in ("ana", "bea"))
    of_one = watch(BatchCursor("b1", 0), key_id=ana)
    of_all = watch(UserCursor(T0), key_id=ana)
    stays = watch(BatchCursor("b1", 0), key_id=bea, shows=of("bea"))
    eventually(lambda: len(hub._rooms.everybody()) == 3)
    users.set_accounts("ana", names({"7"}), T0)

    hub.check_badges()

    eventually(lambda: of_one.ending() == of_all.ending() == "narrowed")
    assert stays.ending() is None


def test_the_streams_of_who_is_disabled_end(watch, hub):
    made()
    seen = watch(BatchCursor("b1", 0), key_id=key_for("ana", {"read"}, at=T0).split("_")[1])
    eventually(lambda: len(hub._rooms.everybody()) == 1)
    users.disable("ana", T0)

    hub.check_badges()

    eventually(lambda: seen.ending() == "revoked")


def test_a_stream_ends_with_its_session_and_not_with_another(watch, hub):
    made()
    key = key_for("ana", {"read"}, at=T0)
    key_id = key.split("_")[1]
    tokens = [session_of(key, T0) for _ in range(2)]
    ids = [str(held.session_id) for token in tokens if (held := sessions.holder_of(token, T0))]
    ended, stays = (watch(BatchCursor("b1", 0), key_id=key_id, session_id=one) for one in ids)
    eventually(lambda: len(hub._rooms.everybody()) == 2)
    sessions.end(tokens[0], T0)

    hub.check_badges()

    eventually(lambda: ended.ending() == "revoked")
    assert stays.ending() is None


def test_everybody_is_told_when_the_process_stops(watch, hub):
    made()
    seen = [watch(BatchCursor("b1", 0)) for _ in range(3)]
    eventually(lambda: all(one.seqs() == [1] for one in seen))

    hub.stop()

    eventually(lambda: all(one.ending() == "stopping" for one in seen))


def test_who_comes_while_the_process_stops_is_told_as_well(watch, hub):
    made()
    hub.stop()

    seen = watch(BatchCursor("b1", 0))

    eventually(lambda: seen.ending() == "stopping")


def test_streams_outlive_a_database_that_is_away_for_a_while(watch, monkeypatch):
    clip = made()[0]
    seen = watch(BatchCursor("b1", 0))
    eventually(lambda: seen.seqs() == [1])
    asked = threading.Event()

    def gone(*_arguments: object) -> None:
        asked.set()
        raise StoreUnavailable("away")

    with monkeypatch.context() as away:
        away.setattr(streams, "last_seqs", gone)
        assert asked.wait(PATIENCE_S)
    published(clip)

    eventually(lambda: seen.seqs() == [1, 2, 3, 4])


def test_who_cannot_be_shown_the_past_is_told_to_come_again(watch, monkeypatch):
    made()

    def gone(*_arguments: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(events, "events_after", gone)
    seen = watch(BatchCursor("b1", 0))

    eventually(lambda: seen.ending() == "failed")


def test_many_come_and_go_while_events_are_committed_and_none_misses_or_repeats_one(hub):
    every = made(count=10)
    done = threading.Event()
    failures: list[list[int]] = []

    def come_and_go() -> None:
        seqs: list[int] = []
        while not done.is_set() or len(seqs) < 31:
            viewer = Viewer(NOTES, Outbox(), BatchCursor("b1", len(seqs)), of("ana"), BADGE)
            for count, piece in enumerate(follow(hub, viewer, b"", False)):
                lines = [json.loads(line) for line in piece.splitlines()]
                seqs += [line["seq"] for line in lines if "seq" in line]
                if count == 2:
                    break  # rudely
        if seqs != list(range(1, 32)):
            failures.append(seqs)

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for clip in every:
        published(clip)
    done.set()
    for thread in threads:
        thread.join(30)

    assert failures == []
    assert hub._rooms.everybody() == []
