"""The tools of the simulated world: they see it again, see what is wrong, and make it small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.world import history, stories, story
from tests.world.choices import Choices
from tests.world.judge import judge
from tests.world.record import Asked, Deletion, Ending, Live, Record, Sent, Told, Touched
from tests.world.scenario import scenario_of
from tests.world.shrink import least
from tests.world.times import SECOND_US, instant

MINUTE_US = 60 * SECOND_US
LANE = ("2000001", "facebook")


def test_the_same_seed_is_the_same_history():
    once = history.run(scenario_of(7, "everything"), telling=True)
    again = history.run(scenario_of(7, "everything"), telling=True)

    assert once.taken
    assert story.fingerprint(once.record) == story.fingerprint(again.record)


def test_a_history_is_its_scenario_and_what_disturbed_it():
    scenario = scenario_of(7, "kills")
    by_chance = history.run(scenario, telling=True)
    by_name = history.run(scenario, by_chance.taken, telling=True)
    calm = history.run(scenario, ())

    assert story.fingerprint(by_chance.record) == story.fingerprint(by_name.record)
    assert calm.taken == []


def test_a_calm_world_has_every_clip_live_once_and_nothing_wrong():
    calm = history.run(scenario_of(1, "calm"))

    assert len(calm.record.lives) == calm.scenario.clips
    assert calm.findings == []


def test_a_choice_hangs_on_its_name_alone():
    one, other = Choices(5), Choices(5)
    other.draw("something else")

    assert one.draw("a name") == other.draw("a name") != Choices(6).draw("a name")


def test_shrinking_leaves_only_what_is_needed():
    names = [f"disturbance {n}" for n in range(40)]
    needed = {names[3], names[17], names[31]}

    assert set(least(names, needed.issubset)) == needed


def a_record(*statuses: str, mode: str = "now") -> Record:
    """A batch of clips, each sent, live a minute after the other, and shown as it is."""
    record = Record()
    dates = tuple(n * MINUTE_US for n in range(1, len(statuses) + 1)) if mode != "now" else ()
    record.asked["b1"] = Asked("b1", 0, mode, LANE, len(statuses), dates, "continue", None)
    clips = [a_view(n, status) for n, status in enumerate(statuses, 1)]
    events = [an_event(n, view) for n, view in enumerate(clips, 1)]
    summary = {"status": "completed", "lastSeq": len(events), "phase": "ended"}
    summary |= {"accountId": LANE[0], "network": LANE[1]}
    record.endings.append(Ending("b1", summary, clips, events))
    for n, _ in enumerate(statuses, 1):
        put_live(record, n, n * MINUTE_US)
        record.event_us["b1", n] = n * MINUTE_US + SECOND_US
    return record


def a_view(index: int, status: str) -> dict:
    date = instant(index * MINUTE_US).isoformat().replace("+00:00", "Z")
    return {
        "index": index,
        "status": status,
        "error": None,
        "errorCode": None,
        "retrySafety": None,
        "scheduledAt": date,
    }


def an_event(seq: int, view: dict) -> dict:
    stamp = instant(seq * MINUTE_US).isoformat()
    return {
        "batchId": "b1",
        "seq": seq,
        "type": "progress",
        "status": "processing",
        "clip": view,
        "timestamp": stamp,
    }


def put_live(record: Record, index: int, at_us: int, began_us: int | None = None) -> None:
    clip, uuid = f"b1.{index}", str(len(record.owner))
    record.owner[uuid] = clip
    began_us = at_us - 30 * SECOND_US if began_us is None else began_us
    record.sent.append(Sent(clip, began_us, began_us, uuid, at_us))
    record.lives.append(Live(at_us, uuid, at_us, LANE))


def kinds(record: Record) -> set[str]:
    return {finding.kind for finding in judge(record)}


def test_the_judge_finds_nothing_where_nothing_is_wrong():
    assert judge(a_record("published", "published", "published")) == []


def test_the_judge_sees_a_lost_story():
    record = a_record("published", "published")
    del record.lives[1]

    assert kinds(record) == {"lost"}


def test_the_judge_sees_a_doubled_story():
    record = a_record("published", "published")
    put_live(record, 1, 3 * MINUTE_US)

    assert "doubled" in kinds(record)


def test_the_judge_sees_a_wrong_order():
    record = a_record("published", "published")
    first, second = record.lives
    first.at_us, second.at_us = second.at_us, first.at_us
    for _, sent in enumerate(record.sent):
        sent.began_us = 0

    assert "out of order" in kinds(record)


def test_the_judge_excuses_the_order_after_a_clip_that_was_called_failed():
    record = a_record("published", "published")
    record.lives[0].at_us = 3 * MINUTE_US
    failed = an_event(0, {**a_view(1, "failed"), "errorCode": "unconfirmed"})
    record.endings[0].events.insert(0, failed)
    record.event_us["b1", 0] = SECOND_US

    assert "out of order" not in kinds(record)


def test_the_judge_knows_what_was_written_by_whom_a_kill_kept_from_announcing_it():
    record = a_record("published", "published")
    record.lives[0].at_us = 3 * MINUTE_US
    failed = an_event(0, {**a_view(1, "failed"), "errorCode": "unconfirmed"})
    record.endings[0].events.insert(0, {**failed, "timestamp": instant(0).isoformat()})
    record.counts["wrong boots"], record.ended_us = 1, 300 * MINUTE_US
    record.sent[1].began_us = 65 * SECOND_US

    assert "out of order" not in kinds(record)


@pytest.mark.parametrize(("restored_again", "is_wrong"), [(None, True), (15, False)])
def test_the_judge_sees_what_was_sent_beside_a_restored_story(
    restored_again: int | None, is_wrong: bool
):
    record = a_record("published")
    put_live(record, 1, 20 * MINUTE_US, began_us=10 * MINUTE_US)
    record.lives[0].at_us = 30 * MINUTE_US
    record.theirs_since["0"] = 2 * MINUTE_US
    record.restored_us["0"] = (restored_again or 2) * MINUTE_US

    whats = {finding.what for finding in judge(record)}

    assert ("sent beside what was restored" in whats) is is_wrong


def test_what_a_person_deleted_after_giving_it_a_date_was_not_to_go_out_then():
    record = a_record("published")
    put_live(record, 1, 20 * MINUTE_US, began_us=10 * MINUTE_US)
    record.lives[0].at_us = 30 * MINUTE_US
    record.theirs_since["0"] = record.restored_us["0"] = 15 * MINUTE_US
    record.failed_us["0"] = MINUTE_US
    record.touched += [
        Touched(2 * MINUTE_US, "replan", "0", "b1.1"),
        Touched(5 * MINUTE_US, "delete and restore", "0", "b1.1"),
    ]

    assert "sent beside what was restored" not in {one.what for one in judge(record)}


def test_the_judge_sees_a_story_before_its_date():
    record = a_record("published", mode="scheduled")
    record.asked["b1"] = replace(record.asked["b1"], dates_us=(60 * MINUTE_US,))

    assert "out of order" in kinds(record)


def test_the_judge_sees_a_cancelled_clip_that_is_live():
    record = a_record("cancelled", "published")
    record.told.append(Told("b1", "cancel", 0, 1, {"outcome": OUTCOME}))

    assert kinds(record) == {"untrue"}


def test_the_judge_sees_what_is_sent_after_an_answered_pause():
    record = a_record("published", "published")
    record.told.append(
        Told("b1", "pause", 0, 80 * SECOND_US, {"status": "paused", "mayGoOut": [1, 2, 3]})
    )

    assert kinds(record) == {"untrue"}


@pytest.mark.parametrize(
    ("status", "is_disguised", "is_lie"),
    [("verifying", True, False), ("verifying", False, True), ("waiting_confirmation", True, True)],
)
def test_the_judge_excuses_what_nobody_can_recognise_while_it_is_called_lost(
    status: str, is_disguised: bool, is_lie: bool
):
    record = a_record("published", mode="scheduled")
    record.lives[0].at_us = record.lives[0].planned_us = 20 * MINUTE_US
    record.asked["b1"] = replace(record.asked["b1"], dates_us=(20 * MINUTE_US,))
    [sent] = record.sent
    sent.began_us, sent.is_lost, sent.is_disguised = 0, True, is_disguised
    said = an_event(0, a_view(1, status))
    paused = {**an_event(0, a_view(1, status)), "seq": 2, "type": "paused", "clip": None}
    record.endings[0].events = [{**said, "seq": 1}, paused]
    record.event_us = {("b1", 1): 1, ("b1", 2): 10 * SECOND_US}

    whats = {finding.what for finding in judge(record)}

    assert ("stopped, yet a dated clip went out" in whats) is is_lie


@pytest.mark.parametrize(
    ("handled_after_s", "is_shared", "is_doubled"),
    [(630, True, False), (590, True, True), (630, False, True)],
)
def test_the_judge_excuses_what_came_too_late_under_a_url_of_two(
    handled_after_s: int, is_shared: bool, is_doubled: bool
):
    record = a_record("published", mode="scheduled")
    put_live(record, 1, 5 * MINUTE_US)
    late, again = record.sent
    late.handled_us = late.began_us + handled_after_s * SECOND_US
    late.media_url, again.media_url = "one copy", "one copy" if is_shared else "another"

    assert ("doubled" in kinds(record)) is is_doubled


def test_the_judge_counts_calls_by_kills():
    record = Record()
    record.counts["kills"] = 1000

    assert record.most_calls("b1.1") == Record().most_calls("b1.1") + 1000


def test_the_judge_lets_a_resumed_batch_send():
    record = a_record("published", "published")
    record.told.append(
        Told("b1", "pause", 0, 80 * SECOND_US, {"status": "paused", "mayGoOut": [1, 2, 3]})
    )
    record.told.append(Told("b1", "resume", 81 * SECOND_US, 82 * SECOND_US, {}))

    assert kinds(record) == set()


def test_the_judge_sees_a_person_s_post_deleted():
    record = a_record("published")
    record.deletions.append(Deletion("lane 1", 0, 0, "a stranger's", theirs=True))

    assert kinds(record) == {"lost"}


def test_the_judge_sees_a_gap_in_the_events():
    record = a_record("published", "published", "published")
    del record.endings[0].events[1]

    assert kinds(record) == {"untrue"}


def test_the_judge_sees_a_change_without_an_event():
    record = a_record("published")
    record.endings[0].clips[0] = {**record.endings[0].clips[0], "error": "never told"}

    assert kinds(record) == {"untrue"}


@pytest.mark.parametrize("status", ["pending", "uploading", "verifying", "waiting_confirmation"])
def test_the_judge_sees_a_batch_that_does_not_end(status: str):
    record = a_record(status)
    record.endings[0].summary["status"] = "processing"
    record.ended_us = 60 * MINUTE_US

    assert "stuck" in kinds(record)


def test_the_judge_sees_a_clip_that_was_given_another_s_story():
    record = a_record("published", "published")
    record.adopted += [(MINUTE_US, "0", "b1.1"), (MINUTE_US, "1", "b1.1")]

    assert [it.what for it in judge(record)] == ["given another's story"]


OUTCOME: dict = {"published": [], "cancelled": [], "failed": [], "unknown": [1]}


@pytest.mark.parametrize("name", [path.stem for path in sorted(stories.FOLDER.glob("*.json"))])
def test_a_history_that_once_went_wrong_goes_well(name: str):
    kept = stories.kept(stories.FOLDER / f"{name}.json")

    assert kept.replay().findings == []
