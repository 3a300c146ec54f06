"""What was promised to whoever paused, resumed, cancelled or retried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.world.facts import ClipFacts, Clips, Finding, of_batch
from tests.world.record import Live, Record, Sent, Told
from tests.world.times import SECOND_US, shown

SLOW_US = 30 * SECOND_US
GOES_SOON_US = 240 * SECOND_US  # what goes out sooner is not kept waiting for later ones
LONGEST_LEAD_US = (2 * 300 + 60) * SECOND_US  # doubled, on Metricool's grid of minutes
RECALLED_WITHIN_US = 300 * SECOND_US  # what waits upstream is taken back in that time, undisturbed


def of_wishes(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield what was not as it was answered."""
    for told in record.told:
        if told.answer is None or told.at_us is None:
            continue
        if record.is_lost(told.began_us, told.at_us):
            continue  # with the rows, and nobody can know it
        mine = of_batch(clips, told.batch)
        act = told.act.split()[0]
        if act in ("pause", "cancel"):
            yield from _sent_after(record, told, mine)
        if act == "pause":
            yield from _may_go_out(record, told, mine)
        if act == "cancel":
            yield from _outcome(told, mine)
            yield from _goes_out_though(record, told.at_us, mine, is_for_good=True)
        if act == "retry":
            yield from _retried(record, told, mine)
        if act == "resume":
            yield from _resumed(record, told, mine)
    for ending in record.endings:
        for event in ending.events:
            if (ending.batch, event["seq"]) in record.held_events:
                continue  # held until a person has said whose some stories are: none is taken back
            if event["type"] in ("paused", "cancelled") or event["status"] == "paused":
                at_us = record.event_us.get((ending.batch, event["seq"]))
                is_for_good = event["type"] == "cancelled"
                if at_us is not None:
                    theirs = of_batch(clips, ending.batch)
                    yield from _goes_out_though(record, at_us, theirs, is_for_good=is_for_good)
                break
    for ending in record.endings:
        yield from _from_the_last(record, of_batch(clips, ending.batch))
    yield from _keys(record)


def _from_the_last(record: Record, mine: Sequence[ClipFacts]) -> Iterator[Finding]:
    """What a pause leaves upstream is a beginning of the batch, at every moment.

    Asked of undisturbed batches alone: whose posts were all known, and which went on in no way.
    """
    acts = {told.act.split()[0] for told in record.told if told.batch == mine[0].batch}
    disturbed = any(clip.touched or any(sent.is_lost for sent in clip.sent) for clip in mine)
    if record.killed or disturbed or acts != {"create", "pause"} or not mine[0].asked.dates_us:
        return
    for clip in mine:
        for deletion in clip.deletions:
            date_us = clip.asked.dates_us[clip.index - 1] - record.metricool_ahead_us
            later = [one for one in mine if one.index > clip.index]
            if date_us - deletion.began_us > GOES_SOON_US and any(
                one.is_upstream(deletion.began_us) for one in later
            ):
                words = f"a later one was there still at {shown(deletion.began_us)}"
                yield Finding("untrue", "taken back before a later one", clip.name, words)


def _sent_after(record: Record, told: Told, mine: Sequence[ClipFacts]) -> Iterator[Finding]:
    """Nothing leaves any more once a pause or cancel was answered."""
    act = told.act
    assert told.at_us is not None
    for clip in mine:
        for sent in clip.sent:
            if sent.uuid is None or sent.began_us <= told.at_us:
                continue
            if act == "pause" and _went_on(record, told, sent.began_us):
                continue
            words = f"{act} answered {shown(told.at_us)}, POST left at {shown(sent.began_us)}"
            yield Finding("untrue", f"sent after {act} was answered", clip.name, words)


def _went_on(record: Record, stopped: Told, until_us: int) -> bool:
    """Return whether somebody asked, in time, for the batch to go on again."""
    return any(
        told.batch == stopped.batch
        and told.act.split()[0] in ("resume", "retry")
        and told.began_us <= until_us
        and (told.at_us is None or told.at_us >= stopped.began_us)
        for told in record.told
    )


def _may_go_out(record: Record, told: Told, mine: Sequence[ClipFacts]) -> Iterator[Finding]:
    """What goes out after a pause was answered is among those that the answer named."""
    assert told.answer is not None
    assert told.at_us is not None
    for clip in mine:
        live = clip.first_live
        if live is None or live.at_us <= told.at_us or clip.is_date_touched:
            continue
        if _went_on(record, told, live.at_us):
            continue
        if clip.index not in told.answer["mayGoOut"]:
            yield _untrue("went out, and the pause did not name it", clip, told)


def _outcome(told: Told, mine: Sequence[ClipFacts]) -> Iterator[Finding]:
    assert told.answer is not None
    assert told.at_us is not None
    outcome = told.answer["outcome"]
    for clip in mine:
        if clip.index in outcome["published"] and not _live_by(clip, told.at_us):
            yield _untrue("outcome published, not live", clip, told)
        lives = [live for live in clip.lives if not clip.is_replanned(live)]  # theirs, and told
        if clip.index in outcome["cancelled"] and lives:
            yield _untrue("outcome cancelled, live", clip, told)
        if clip.index in outcome["failed"] and lives:
            yield _untrue("outcome failed, live", clip, told)


def _retried(record: Record, told: Told, mine: Sequence[ClipFacts]) -> Iterator[Finding]:
    assert told.answer is not None
    assert told.at_us is not None
    for clip in mine:
        if clip.index in told.answer["foundLive"] and not _live_by(clip, told.at_us):
            yield _untrue("found live, not live", clip, told)
        if clip.index not in told.answer["retried"] or told.answer["order"] != "kept":
            continue
        if clip.shown["errorCode"] == "order_lost" and _is_left_alone_since(record, told, mine):
            yield _untrue("order kept, and given up for it", clip, told)
        live = clip.first_live
        if live is None or live.at_us < told.began_us or clip.is_date_touched:
            continue
        if live.at_us > live.planned_us - record.metricool_ahead_us + SLOW_US:
            continue  # Metricool took its time over it
        if _was_retried_since(record, told, clip, live.at_us):
            continue
        for other in mine:
            later = other.first_live
            if other.index <= clip.index or later is None or later.at_us >= live.at_us:
                continue
            sent = other.sent_for(later)
            if sent and sent.began_us < told.began_us and not other.is_date_touched:
                yield _untrue("order kept, and it was not", clip, told)
                break


def _is_left_alone_since(record: Record, told: Told, mine: Sequence[ClipFacts]) -> bool:
    """Return whether nothing disturbed a batch that had its lane to itself since a wish."""
    names = {clip.name for clip in mine}
    acted = any(o.batch == told.batch and o.began_us > told.began_us for o in record.told)
    hit = any(us >= told.began_us and about in names for us, about in record.trouble)
    lanes = Counter(asked.lane for asked in record.asked.values())
    shared = lanes[mine[0].asked.lane] > 1
    touched = any(clip.touched for clip in mine)
    return not (acted or hit or shared or touched or record.killed or record.is_quota_small)


def _resumed(record: Record, told: Told, mine: Sequence[ClipFacts]) -> Iterator[Finding]:
    """Nobody is told that a batch goes on whose next clip cannot come in its order any more."""
    acted_since = any(
        one.batch == told.batch and one.began_us > told.began_us for one in record.told
    )
    if acted_since:
        return
    for clip in mine:
        before = [view for us, view in clip.said if us <= told.began_us]
        was_to_come = clip.shown["errorCode"] == "order_lost" and not (
            before and before[-1]["errorCode"] == "order_lost"  # which was told already
        )
        later = [one for one in mine if one.index > clip.index]
        if was_to_come and any(one.was_said_before(told.began_us, "published") for one in later):
            yield _untrue("resumed, and given up for the order", clip, told)


def _was_retried_since(record: Record, told: Told, clip: ClipFacts, until_us: int) -> bool:
    """Return whether it failed again, and a later answer is the one that counts."""
    return any(
        one.batch == told.batch
        and told.began_us < one.began_us <= until_us
        and one.answer is not None
        and clip.index in one.answer.get("retried", ())
        for one in record.told
    )


def _live_by(clip: ClipFacts, us: int) -> bool:
    return any(live.at_us <= us for live in (*clip.lives, *clip.theirs))


def _untrue(what: str, clip: ClipFacts, told: Told) -> Finding:
    assert told.at_us is not None
    return Finding("untrue", what, clip.name, f"as answered to {told.act} at {shown(told.at_us)}")


def _goes_out_though(
    record: Record, at_us: int, mine: Sequence[ClipFacts], *, is_for_good: bool
) -> Iterator[Finding]:
    """What waits for a date upstream is taken back when its batch was paused or cancelled."""
    if record.counts["wrong boots"]:
        return  # a process whose clock is wrong from the beginning looks when that clock says so
    for clip in mine:
        live = clip.first_live
        if live is None or not clip.asked.dates_us:
            continue
        # From its date on Metricool is about it, however long that takes, and nothing can be done
        goes_us = min(live.at_us, live.planned_us - record.metricool_ahead_us)
        if goes_us < at_us + RECALLED_WITHIN_US:
            continue
        sent = clip.sent_for(live)
        if sent is None or sent.began_us > at_us or clip.is_date_touched:
            continue
        if not is_for_good and _was_in_hand(record, clip, live, sent):
            continue  # a pause lets it finish, however long a lead the operator has set
        if clip.was_said_before(live.at_us, "failed"):
            continue  # nobody could know whether it was there
        if sent.is_lost and sent.is_disguised and _was_called_lost(clip, at_us, live.at_us):
            continue  # nobody could know which post it was, and all were told so
        if _was_asked_to_go_on(record, clip.batch, at_us, live.at_us):
            continue
        since_us = live.at_us - RECALLED_WITHIN_US
        if any(from_us <= live.at_us and to_us >= since_us for from_us, to_us in record.nobody_us):
            continue
        if any(
            since_us <= us <= live.at_us and about.startswith(f"{clip.batch}.")
            for us, about in record.trouble
        ):
            continue
        words = f"stopped at {shown(at_us)}, it went out at {shown(live.at_us)} all the same"
        yield Finding("untrue", "stopped, yet a dated clip went out", clip.name, words)


def _was_in_hand(record: Record, clip: ClipFacts, live: Live, sent: Sent) -> bool:
    """Return whether a clip was sent in its turn, a lead ahead, its own date being over."""
    is_own = live.planned_us <= clip.asked.dates_us[clip.index - 1]
    at_ours_us = live.planned_us - record.metricool_ahead_us
    return not is_own and at_ours_us - sent.began_us <= LONGEST_LEAD_US


def _was_called_lost(clip: ClipFacts, from_us: int, until_us: int) -> bool:
    """Return whether at every moment a clip was said to be looked for, or to be unconfirmed."""
    before = [view for us, view in clip.said if us <= from_us][-1:]
    meanwhile = [view for us, view in clip.said if from_us < us <= until_us]
    said = [*before, *meanwhile]
    return bool(before) and all(
        view["status"] == "verifying" or view["retrySafety"] == "check_first" for view in said
    )


def _was_asked_to_go_on(record: Record, batch: str, from_us: int, to_us: int) -> bool:
    return any(
        told.batch == batch
        and told.act.split()[0] in ("resume", "retry")
        and told.refusal is None
        and told.began_us <= to_us
        and (told.at_us is None or told.at_us >= from_us)
        for told in record.told
    )


def _keys(record: Record) -> Iterator[Finding]:
    """One Idempotency-Key makes one batch."""
    made: dict[str, str] = {}
    for ending in record.endings:
        key = record.asked[ending.batch].key
        if key is not None and made.setdefault(key, ending.batch) != ending.batch:
            words = f"{made[key]} and {ending.batch} were made under one Idempotency-Key"
            yield Finding("doubled", "one key, two batches", ending.batch, words)
