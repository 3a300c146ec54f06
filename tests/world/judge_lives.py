"""Each clip at most once, exactly once where it is called published, in order, on its date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

from tests.world.facts import HARMLESS, ClipFacts, Clips, Finding, of_batch, touches
from tests.world.judge_restored import is_known_once
from tests.world.record import Live, Record
from tests.world.times import SECOND_US, shown

STEP_US = 60 * SECOND_US
SEEN_WITHIN_US = 120 * SECOND_US  # what was done in the planner, by whoever looks then
SOON_US = 5 * STEP_US
SLOW_US = 30 * SECOND_US  # later than this after its date, it was Metricool that took its time


def of_lives(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield what is wrong with what went out."""
    for clip in clips.values():
        yield from _once(record, clip)
        yield from _echoed_once(record, clip)
        yield from _beside_restored(record, clip)
        yield from _order_lost(record, clips, clip)
        yield from _on_its_date(clip)
    for ending in record.endings:
        for one, other in combinations(of_batch(clips, ending.batch), 2):
            yield from _in_order(record, one, other)
    yield from _lanes(record, clips)
    if record.is_calm and record.tells_time and not record.is_quota_small:
        yield from _without_delay(record, clips)
    yield from _ids_kept(record)
    yield from _one_copy_a_send(record)
    for deletion in record.deletions:
        if deletion.theirs:
            words = f"a DELETE of ours hit a post of somebody else's at {shown(deletion.at_us)}"
            yield Finding("lost", "a person's post deleted", deletion.about, words)


def _without_delay(record: Record, clips: Clips) -> Iterator[Finding]:
    """Alone on its lane and undisturbed, a story of mode now goes out soon after the one before."""
    lanes = Counter(asked.lane for asked in record.asked.values())
    for asked in record.asked.values():
        if asked.dates_us or lanes[asked.lane] > 1:
            continue
        before_us = asked.at_us
        for clip in of_batch(clips, asked.batch):
            live = clip.first_live
            if live is None:
                break
            if live.at_us > before_us + SOON_US:
                words = f"turn at {shown(before_us)}, live at {shown(live.at_us)}"
                yield Finding("stuck", "late though nothing happened", clip.name, words)
            before_us = live.at_us


def _ids_kept(record: Record) -> Iterator[Finding]:
    """An id that a worker was told, and lived to write, is never thrown away."""
    for sent in record.sent:
        if sent.uuid is None or sent.told is None or sent.told in record.killed:
            continue
        if sent.uuid not in record.known_uuids:
            words = f"{sent.told} was told of the post that left {shown(sent.began_us)}"
            yield Finding("lost", "an id thrown away", sent.clip, words)


def _one_copy_a_send(record: Record) -> Iterator[Finding]:
    """No two posts show one copy of a file: its URL would tell nothing of either."""
    made = Counter(sent.media_url for sent in record.sent if sent.uuid is not None)
    for sent in record.sent:
        if made.pop(sent.media_url, 0) > record.copies[sent.media_url] > 0:
            words = f"{sent.media_url} was sent again at {shown(sent.began_us)} or later"
            yield Finding("untrue", "one copy for two posts", sent.clip, words)


def _once(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    ours = [live for live in clip.lives if not _is_a_persons_by_now(clip, live)]
    posts = {live.uuid for live in ours if is_known_once(record, clip, live)}  # not twice the same
    if len(posts) > 1:
        when = ", ".join(shown(live.at_us) for live in ours)
        what = f"live twice, {touches(clip.touched)}"
        yield Finding("doubled", what, clip.name, f"it went live at {when}")
    if clip.lives or clip.theirs:
        return
    if clip.status == "published":
        what = f"published, never live, {touches(clip.touched)}"
        yield Finding("lost", what, clip.name, "it is called published")
    elif (
        clip.shown["errorCode"] == "deleted_in_metricool"
        and (clip.shown["errorFacts"] or {}).get("reason") != "taken_back"  # by us, as it says
        and not clip.was_deleted_by_a_person
        and not any(record.is_lost(one.began_us, one.at_us) for one in clip.deletions)
    ):
        by_us = "; a DELETE of ours hit it" if clip.deletions else ""
        words = f"it is called deleted in Metricool, and no person deleted it{by_us}"
        what = f"called deleted by others, {touches(clip.touched)}"
        yield Finding("lost", what, clip.name, words)
    elif clip.status == "failed" and not clip.shown["errorCode"]:
        yield Finding("lost", "failed without a code", clip.name, "nothing says why")


def _is_a_persons_by_now(clip: ClipFacts, live: Live) -> bool:
    """Return whether a person gave a post another date when its clip had been sent again."""
    dated_us = [
        one.at_us
        for one in clip.touched
        if one.uuid == live.uuid and one.act not in HARMLESS and one.at_us < live.at_us
    ]
    mine = clip.sent_for(live)
    later = [one for one in clip.sent if mine is not None and one.began_us > mine.began_us]
    return any(one.began_us < us + SEEN_WITHIN_US for one in later for us in dated_us)


def _beside_restored(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    """What a person restored is taken up, and not sent once more beside it."""
    for live in clip.theirs:
        restored_us = _would_go_out_since(record, clip, live)
        for other in clip.lives:
            sent = clip.sent_for(other)
            if restored_us and sent and sent.began_us > restored_us + SEEN_WITHIN_US:
                words = f"restored at {shown(restored_us)}, sent anew {shown(sent.began_us)}"
                yield Finding("doubled", "sent beside what was restored", clip.name, words)


def _would_go_out_since(record: Record, clip: ClipFacts, live: Live) -> int | None:
    """Return since when a post that a person restored was to go out, had it even failed before.

    One that was taken back again, and restored once more, was to go out since then.
    """
    restored_us = record.restored_us.get(live.uuid)
    failed_us = record.failed_us.get(live.uuid)
    if failed_us is None or not clip.is_replanned(live):
        return restored_us
    replanned_us = min((one.at_us for one in clip.touched if one.at_us > failed_us), default=None)
    if replanned_us is None or _was_deleted(clip, live, replanned_us):
        return restored_us
    return replanned_us


def _was_deleted(clip: ClipFacts, live: Live, since_us: int) -> bool:
    """Return whether a person deleted a post after that: then it was not to go out for a while."""
    return any(
        one.uuid == live.uuid and "delete" in one.act and one.at_us > since_us
        for one in clip.touched
    )


def _echoed_once(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    """What nothing can prove absent is not sent again by itself after a lost answer."""
    deleted = {deletion.uuid for deletion in clip.deletions}
    for lost, again in pairwise(clip.sent):
        if not (lost.is_echoed and lost.is_lost) or lost.uuid in deleted or clip.touched:
            continue
        if record.is_lost(lost.began_us, again.began_us):
            continue  # no row knows of the one that was lost
        if not any(told.batch == clip.batch and told.act[:5] == "retry" for told in record.told):
            words = f"its POST of {shown(lost.began_us)} was lost, and left {shown(again.began_us)}"
            yield Finding("untrue", "an echoed clip sent again by itself", clip.name, words)


def _order_lost(record: Record, clips: Clips, clip: ClipFacts) -> Iterator[Finding]:
    """Nothing is given up for the order where nobody acted on the batch: it had to wait instead."""
    if clip.shown["errorCode"] != "order_lost":
        return
    acted = any(told.batch == clip.batch and told.act[:6] != "create" for told in record.told)
    touched = any(one.touched for one in of_batch(clips, clip.batch))
    paused = any(view["status"] == "failed" for _, view in clip.said[:-1])
    if not (acted or touched or paused):
        yield Finding("lost", "given up for the order", clip.name, "later clips went out before it")


def _on_its_date(clip: ClipFacts) -> Iterator[Finding]:
    if clip.is_date_touched:
        return
    for live in clip.lives:
        if clip.asked.dates_us:
            date_us = clip.asked.dates_us[clip.index - 1]
            if live.planned_us < date_us - STEP_US:
                words = f"asked for {shown(date_us)}, it went out for {shown(live.planned_us)}"
                yield Finding("out of order", "before its date", clip.name, words)


def _in_order(record: Record, one: ClipFacts, other: ClipFacts) -> Iterator[Finding]:
    """`other` comes after `one` in their batch."""
    first, second = one.first_live, other.first_live
    if first is None or second is None or first.at_us < second.at_us:
        return
    if one.is_date_touched or other.is_date_touched:
        return
    sent = other.sent_for(second)
    if sent is None or one.was_said_before(sent.began_us, "failed", "cancelled"):
        return
    slow = first.at_us > first.planned_us - record.metricool_ahead_us + SLOW_US
    if slow and clips_dated(one) and first.planned_us < second.planned_us:
        return
    if _was_told(record, one) or _was_told(record, other):
        return
    words = f"{other.name} at {shown(second.at_us)} before {one.name} at {shown(first.at_us)}"
    yield Finding("out of order", f"{_mode(one)}, {_why(record, one)}", one.name, words)


def clips_dated(clip: ClipFacts) -> bool:
    """Return whether a clip had a date of its own."""
    return bool(clip.asked.dates_us)


def _was_told(record: Record, clip: ClipFacts) -> bool:
    """Return whether a caller was told that the order would change, or asked for that."""
    return any(
        told.batch == clip.batch
        and ("confirmOrder" in told.act or (told.answer or {}).get("order") == "appended")
        for told in record.told
    )


def _mode(clip: ClipFacts) -> str:
    return "dated" if clips_dated(clip) else "now"


def _why(record: Record, clip: ClipFacts) -> str:
    """Say what acts there were, for telling kinds of findings apart."""
    acts = {
        told.act.split()[0]
        for told in record.told
        if told.batch == clip.batch and told.refusal is None
    }
    wishes = sorted(acts - {"create"})
    return "after " + " and ".join(wishes) if wishes else "nobody asked"


def _lanes(record: Record, clips: Clips) -> Iterator[Finding]:
    """Batches of mode now on one lane come one after the other, if nobody stops them."""
    spans = []
    for asked in record.asked.values():
        ours = of_batch(clips, asked.batch)
        mine = [clip for clip in ours if clip.lives and not clip.is_date_touched]
        wished = any(told.batch == asked.batch and told.act[:6] != "create" for told in record.told)
        failed = any(clip.was_said_before(1 << 62, "failed", "cancelled") for clip in mine)
        if mine and not asked.dates_us and not wished and not failed:
            times = [live.at_us for clip in mine for live in clip.lives]
            spans.append((min(times), max(times), asked))
    for (_, end_us, one), (begin_us, _, other) in combinations(sorted(spans, key=_begin), 2):
        if one.lane == other.lane and begin_us < end_us:
            words = f"{other.batch} began at {shown(begin_us)}, {one.batch} ended {shown(end_us)}"
            yield Finding("out of order", "batches interleaved", one.batch, words)


def _begin(span: tuple[int, int, object]) -> int:
    return span[0]
