from dataclasses import replace
from datetime import datetime, timedelta, timezone

import peewee
import pytest

from storyclip.domain.batch import Batch, Status
from storyclip.domain.clip import Event, State
from storyclip.domain.errors import IdempotencyKeyReused, NotFound
from storyclip.domain.reach import EVERYTHING, Reach
from storyclip.store.history import events
from storyclip.store.instants import to_instant, to_text
from storyclip.store.publishing import batches, clips
from storyclip.store.publishing.new_batch import IdempotencyKey, NewClip
from tests.people import of
from tests.store.making import (
    T0,
    brought_to,
    everything,
    made,
    new_batch,
    note,
    published,
    record,
    rows,
    sql,
    the_batch,
    walked,
)

KEY = IdempotencyKey("key", "body")
NAIVE = T0.replace(tzinfo=None)


def test_a_batch_is_read_back_as_it_was_made(store: str):
    batch = batches.create(new_batch("b1", 3, on_failure="pause", gap_s=2.5), T0)

    assert batches.find("b1", of("ana")).batch == batch
    assert (batch.total, batch.status, batch.last_seq) == (3, Status.PROCESSING, 1)
    assert (batch.on_failure, batch.gap_s, batch.created_at) == ("pause", 2.5, T0)


def test_the_clips_are_read_back_in_their_order_as_they_were_asked_for(store: str):
    asked = new_batch("b1", 100)
    batches.create(asked, T0)

    read = clips.of_batch("b1")

    assert [clip.index for clip in read] == list(range(1, 101))
    shown = [NewClip(clip.client_id, clip.source_url, clip.title) for clip in read]
    assert tuple(shown) == asked.clips
    assert {clip.state for clip in read} == {State.PENDING}


def test_a_batch_begins_its_history_with_its_first_event(store: str):
    made()

    assert [(event["seq"], event["clip"]) for event in events.events_since("b1", 0)] == [(1, None)]


def test_a_clip_that_cannot_be_written_leaves_nothing_of_its_batch(store: str):
    made("b0", 1)
    asked = new_batch("b1", account="new")
    broken = replace(asked.clips[1], source_url=None)  # type: ignore[arg-type]
    asked = replace(asked, clips=(asked.clips[0], broken, asked.clips[2]))
    before = everything()

    with pytest.raises(peewee.IntegrityError):
        batches.create(asked, T0, KEY)

    assert everything() == before


def test_a_batch_with_a_name_that_is_taken_leaves_nothing_and_takes_nothing(store: str):
    made("b1", 1)
    before = everything()

    with pytest.raises(peewee.IntegrityError):
        batches.create(new_batch("b1", 2, account="new", user="eva"), T0, KEY)

    assert everything() == before


def test_the_same_request_again_is_the_batch_that_it_made(store: str):
    first = batches.create(new_batch("b1"), T0, KEY)
    before = everything()

    second = batches.create(new_batch("b2"), T0 + timedelta(hours=1), KEY)

    assert second == first
    assert everything() == before


def test_another_request_under_the_same_key_is_refused_and_writes_nothing(store: str):
    batches.create(new_batch("b1"), T0, KEY)
    before = everything()

    with pytest.raises(IdempotencyKeyReused):
        batches.create(new_batch("b2"), T0, replace(KEY, body_hash="another"))

    assert everything() == before


def test_the_same_key_of_another_user_is_another_key(store: str):
    batches.create(new_batch("b1", user="ana"), T0, KEY)

    batch = batches.create(new_batch("b2", user="eva"), T0, KEY)

    assert batch.batch_id == "b2"


@pytest.mark.parametrize("key", [None, IdempotencyKey("other", "body")])
def test_without_its_key_the_same_request_is_another_batch(store: str, key):
    batches.create(new_batch("b1"), T0, KEY)

    assert batches.create(new_batch("b2"), T0, key).batch_id == "b2"


def test_a_batch_that_was_never_made_and_somebody_elses_are_told_apart_by_nobody(store: str):
    made("b1", user="ana")

    told = []
    for name in ("b1", "b2"):
        with pytest.raises(NotFound) as missing:
            batches.find(name, of("eva"))
        told.append(str(missing.value).replace(name, ""))

    assert told[0] == told[1]


def test_a_clip_that_does_not_exist_is_not_found(store: str):
    with pytest.raises(NotFound):
        clips.find(999)


def test_an_unknown_batch_has_no_clips(store: str):
    assert list(clips.of_batch("unknown")) == []


@pytest.mark.parametrize(
    ("states", "current"),
    [
        ([], 1),
        ([State.UPLOADING], 1),
        ([State.PUBLISHED], 2),
        ([State.PUBLISHED, State.WAITING_CONFIRMATION], 2),
        ([State.PUBLISHED, State.FAILED, State.PUBLISHED], 3),
    ],
)
def test_a_batch_is_found_with_its_clip_in_hand(store: str, states, current):
    for clip, state in zip(made(), states, strict=False):
        brought_to(state, clip)

    found = batches.find("b1", of("ana")).current

    assert found is not None
    assert found == clips.of_batch("b1")[current - 1]
    assert [one.current for one in batches.page(of("ana"), limit=9)] == [found]


def test_a_clip_in_hand_comes_before_an_earlier_one_that_waits_again(store: str):
    first, second, _ = made()
    brought_to(State.FAILED, first)
    in_hand = brought_to(State.WAITING_CONFIRMATION, second)
    walked(first, Event.RETRIED)

    found = batches.find("b1", of("ana")).current

    assert found == in_hand
    assert [one.current for one in batches.page(of("ana"), limit=9)] == [in_hand]


def test_a_batch_is_found_with_the_reason_that_blocks_its_lane(store: str):
    clip = made()[0]
    note(clip, lane=replace(clip.lane, blocked_reason="reconnect", blocked_since=T0))

    assert batches.find("b1", of("ana")).blocked == "reconnect"


def test_an_administrator_finds_everybodys_batch(store: str):
    made("b1", user="ana")

    assert batches.find("b1", EVERYTHING).batch.user_id == "ana"


def test_a_batch_is_read_whole_with_all_its_clips_in_order(store: str):
    for name in ("b1", "b2"):
        made(name, account=name)
    published(clips.of_batch("b1")[0])

    overview, read = batches.find_whole("b1", of("ana"))

    assert overview == batches.find("b1", of("ana"))
    assert read == clips.of_batch("b1")


def test_somebody_elses_batch_is_not_read_whole(store: str):
    made("b1", user="ana")

    with pytest.raises(NotFound):
        batches.find_whole("b1", of("eva"))


def test_a_forgotten_key_is_a_new_one_and_its_batch_stays(store: str):
    batches.create(new_batch("b1"), T0, KEY)
    batches.create(new_batch("b2"), T0 + timedelta(seconds=1), replace(KEY, key="later"))

    batches.forget_idempotency_keys(T0 + timedelta(seconds=1))

    assert batches.create(new_batch("b3"), T0, KEY).batch_id == "b3"
    kept = batches.create(new_batch("b4"), T0, replace(KEY, key="later"))
    assert kept.batch_id == "b2"
    assert batches.find("b1", of("ana")).batch.total == 3


def names(overviews) -> list[str]:
    return [overview.batch.batch_id for overview in overviews]


def test_active_are_the_users_own_batches_that_run_newest_first(store: str):
    made("old", 1, at=T0)
    made("ended", 1, at=T0, account="2")
    published(clips.of_batch("ended")[0])
    made("new", 1, at=T0 + timedelta(seconds=1))
    made("theirs", 1, user="eva")

    assert names(batches.active(of("ana"))) == ["new", "old"]


def test_a_batch_that_is_asked_for_again_is_active_again(store: str):
    clip = brought_to(State.FAILED, made("b1", 1)[0])
    assert names(batches.active(of("ana"))) == []

    walked(clip, Event.RETRIED)

    assert names(batches.active(of("ana"))) == ["b1"]


def test_no_more_are_active_than_asked(store: str):
    for n in range(3):
        made(f"b{n}", 1)

    assert names(batches.active(of("ana"), limit=2)) == ["b2", "b1"]


@pytest.fixture
def two_hundred(store: str) -> list[Batch]:
    """Batches of two users, many of them made at the same time; newest first."""
    every = [
        batches.create(
            new_batch(f"b{(n * 37) % 200:03}", 1, user="eva" if n % 4 == 0 else "ana"),
            T0 + timedelta(seconds=n // 7),
        )
        for n in range(200)
    ]
    return sorted(every, key=lambda batch: (batch.created_at, batch.batch_id), reverse=True)


def paged(limit: int, reach: Reach) -> list[str]:
    read: list[str] = []
    before: tuple[datetime, str] | None = None
    while page := batches.page(reach, before=before, limit=limit):
        assert len(page) <= limit
        read += names(page)
        before = (page[-1].batch.created_at, page[-1].batch.batch_id)
    return read


@pytest.mark.parametrize("reach", [of("ana"), of("eva"), EVERYTHING])
def test_pages_show_every_batch_once_newest_first(two_hundred: list[Batch], reach: Reach):
    own = [batch.batch_id for batch in two_hundred if batch.user_id in reach.users]

    assert paged(9, reach) == own
    assert paged(1000, reach) == own


def test_a_batch_that_comes_while_somebody_pages_moves_nothing(two_hundred: list[Batch]):
    first = batches.page(EVERYTHING, limit=10)
    made("newer", 1, at=T0 + timedelta(days=1))
    last = first[-1].batch

    second = batches.page(EVERYTHING, before=(last.created_at, last.batch_id), limit=10)

    assert names(first) + names(second) == [batch.batch_id for batch in two_hundred[:20]]


def test_a_page_of_a_status_has_no_other(store: str):
    published(made("done", 1, account="1")[0])
    brought_to(State.FAILED, made("failed", 1, account="2")[0])
    made("running", 1, account="3")

    by_status = {
        status: names(batches.page(of("ana"), status=status, limit=50)) for status in Status
    }

    assert by_status == {
        Status.COMPLETED: ["done"],
        Status.FAILED: ["failed"],
        Status.PROCESSING: ["running"],
        Status.PAUSED: [],
        Status.CANCELLED: [],
    }


def test_a_page_of_a_user_and_a_status_is_of_both(store: str):
    made("mine", 1)
    made("theirs", 1, user="eva")

    assert names(batches.page(of("eva"), status=Status.PROCESSING, limit=50)) == ["theirs"]


def test_a_batch_made_at_a_time_without_a_zone_is_refused(store: str):
    before = everything()

    with pytest.raises(ValueError, match="naive"):
        batches.create(new_batch(), NAIVE)

    assert everything() == before


@pytest.mark.parametrize("changes", [{"next_at": NAIVE}, {"plans": (T0, NAIVE)}])
def test_a_move_that_learned_a_time_without_a_zone_is_refused(store: str, changes):
    clip = made()[0]
    before = everything()

    with pytest.raises(ValueError, match="naive"):
        record(clip, Event.CLAIMED, at=T0, **changes)

    assert everything() == before


@pytest.mark.parametrize("state", [State.PENDING, State.UPLOADING], ids=["first", "later"])
def test_a_move_at_a_time_without_a_zone_is_refused(store: str, state: State):
    clip = brought_to(state, made()[0])
    event = Event.CLAIMED if state is State.PENDING else Event.ACCEPTED
    before = everything()

    with pytest.raises(ValueError, match="naive"):
        record(clip, event, at=NAIVE)

    assert everything() == before


def test_what_is_due_is_not_asked_at_a_time_without_a_zone(store: str):
    with pytest.raises(ValueError, match="naive"):
        clips.make_due(NAIVE, portion=1)


def test_times_of_other_zones_are_written_in_utc_and_sort_as_they_pass(store: str):
    zone = timezone(timedelta(hours=-11, minutes=-30))
    made("later", 1, at=T0.astimezone(zone) + timedelta(microseconds=1))
    made("earlier", 1, at=T0)

    written = rows("SELECT created_at FROM publish_batches ORDER BY created_at")

    assert written == [("2026-12-01T12:00:00.000000Z",), ("2026-12-01T12:00:00.000001Z",)]
    assert names(batches.page(of("ana"), limit=50)) == ["later", "earlier"]
    assert the_batch("later").created_at == T0 + timedelta(microseconds=1)


def test_an_instant_is_read_back_the_same():
    instant = T0 + timedelta(microseconds=123_456)

    assert to_instant(to_text(instant)) == instant
    assert to_instant(to_text(None)) is None


def test_values_are_bound_and_never_read_as_sql(store: str):
    evil = "x'OR'1'='1"
    made(evil, 1, user=evil, account=evil)

    assert names(batches.page(of(evil), limit=50)) == [evil]
    with pytest.raises(NotFound):
        batches.find("b1", of(evil))


def test_a_percent_sign_is_a_percent_sign_in_every_database(store: str):
    asked = new_batch("100%s", 1)
    asked = replace(asked, clips=(replace(asked.clips[0], title="100 %s ?"),))

    batches.create(asked, T0)

    assert clips.of_batch("100%s")[0].title == "100 %s ?"


def test_the_helper_of_these_tests_shows_what_was_written(store: str):
    before = everything()

    sql("INSERT INTO workers (name, beats) VALUES ('w', 1)")

    assert everything() != before
