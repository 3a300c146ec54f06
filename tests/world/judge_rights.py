"""Nothing leaves for a user who may not publish any more, nor stays to go out on its date."""

from __future__ import annotations

from collections.abc import Iterator

from tests.world.facts import ClipFacts, Clips, Finding
from tests.world.record import Record
from tests.world.times import SECOND_US, shown

LEAVES_WITHIN_US = 10 * SECOND_US  # an intent that was written before: later than that none leaves
TAKEN_BACK_WITHIN_US = 400 * SECOND_US  # undisturbed; an audit finds it within a minute


def of_rights(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield what went out for a user whose right was taken away."""
    for revoked_us in record.revoked_us:
        until_us = min((us for us in record.allowed_us if us > revoked_us), default=1 << 62)
        if record.is_lost(revoked_us, None):
            continue
        for clip in clips.values():
            yield from _sent(clip, revoked_us, until_us)
            yield from _went_out(record, clip, revoked_us, until_us)


def _sent(clip: ClipFacts, revoked_us: int, until_us: int) -> Iterator[Finding]:
    for sent in clip.sent:
        if sent.uuid and revoked_us + LEAVES_WITHIN_US < sent.began_us < until_us:
            words = f"the right was gone at {shown(revoked_us)}, it left at {shown(sent.began_us)}"
            yield Finding("untrue", "sent without a right", clip.name, words)


def _went_out(record: Record, clip: ClipFacts, revoked_us: int, until_us: int) -> Iterator[Finding]:
    live = clip.first_live
    if live is None or not clip.asked.dates_us or clip.is_date_touched:
        return
    if not revoked_us + TAKEN_BACK_WITHIN_US < live.at_us < until_us:
        return
    if clip.was_said_before(live.at_us, "failed"):
        return  # nobody could know whether it was there
    since_us = live.at_us - TAKEN_BACK_WITHIN_US
    if any(from_us <= live.at_us and to_us >= since_us for from_us, to_us in record.nobody_us):
        return
    if any(since_us <= us <= live.at_us and about == clip.name for us, about in record.trouble):
        return
    words = f"the right was gone at {shown(revoked_us)}, it went out at {shown(live.at_us)}"
    yield Finding("untrue", "out without a right", clip.name, words)
