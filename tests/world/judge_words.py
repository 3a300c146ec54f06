"""Whether every word that was said of a clip was true when it was said, and stayed so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.world.facts import HARMLESS, ClipFacts, Clips, Finding
from tests.world.record import Record
from tests.world.times import SECOND_US, moment_of, shown

NOTHING_SENT = re.compile(r"nothing was sent(?! to Metricool)", re.IGNORECASE)
A_MINUTE_US = 60 * SECOND_US


def of_words(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield what was said and is not so."""
    for clip in clips.values():
        seen: set[str] = set()
        for finding in _of_clip(record, clip):
            if finding.what not in seen:
                seen.add(finding.what)
                yield finding


def _of_clip(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    if record.is_calm and any(view["status"] == "verifying" for _, view in clip.said):
        yield Finding("untrue", "verifying though nothing happened", clip.name, "in a calm world")
    for at_us, view in clip.said:
        yield from _said(clip, at_us, view)
    lives = [live for live in clip.lives if not clip.is_replanned(live)]  # theirs, and told
    if clip.status == "cancelled" and lives:
        live = lives[0]
        before = [at_us for at_us, view in clip.said if view["status"] == "cancelled"]
        code = clip.shown["errorCode"] or "by the user"
        when = "before" if before and live.at_us < before[0] else "after"
        words = f"it went live at {shown(live.at_us)}"
        yield Finding("untrue", f"cancelled ({code}), live {when} that", clip.name, words)
    if clip.status == "cancelled" and not clip.lives and not clip.shown["errorCode"]:
        cancelled = any(
            told.batch == clip.batch and told.act == "cancel" and told.refusal is None
            for told in record.told
        )
        if not cancelled:
            yield Finding("lost", "cancelled by nobody", clip.name, "nobody asked for that")
    if clip.status == "published" and clip.lives and not clip.is_date_touched:
        yield from _date_shown(clip)


def _said(clip: ClipFacts, at_us: int, view: dict[str, Any]) -> Iterator[Finding]:
    status = view["status"]
    out = [*clip.lives, *clip.theirs]
    if status == "published" and out and not any(live.at_us <= at_us for live in out):
        words = f"said at {shown(at_us)}, live at {shown(out[0].at_us)}"
        yield Finding("untrue", "published before it was live", clip.name, words)
    if view["retrySafety"] == "safe":
        for live in clip.lives:
            sent = clip.sent_for(live)
            if _was_given_another_date(clip, at_us, live.at_us):
                if clip.status == "failed":
                    words = f"a person gave it another date; live at {shown(live.at_us)}"
                    yield Finding("untrue", f"{clip.status}, and live", clip.name, words)
            elif sent is not None and sent.began_us < at_us:
                words = f"said at {shown(at_us)}: {view['error']}; live at {shown(live.at_us)}"
                what = f"safe to retry ({view['errorCode']}), and live"
                yield Finding("untrue", what, clip.name, words)
    if view["error"] and NOTHING_SENT.search(view["error"]) and _was_sent(clip, at_us):
        words = f"said at {shown(at_us)}: {view['error']}"
        yield Finding("untrue", "nothing was sent, and it was", clip.name, words)


def _was_given_another_date(clip: ClipFacts, after_us: int, before_us: int) -> bool:
    """Return whether a person had it go out after something was said of it."""
    dated = [one.at_us for one in clip.touched if one.act not in HARMLESS]
    return any(after_us < at_us <= before_us for at_us in dated)


def _was_sent(clip: ClipFacts, at_us: int) -> bool:
    """Return whether a post of it that we did not delete was made before a moment."""
    deleted = {deletion.uuid for deletion in clip.deletions if deletion.at_us <= at_us}
    return any(
        sent.uuid is not None and sent.began_us < at_us and sent.uuid not in deleted
        for sent in clip.sent
    )


def _date_shown(clip: ClipFacts) -> Iterator[Finding]:
    date = clip.shown["scheduledAt"]
    live = clip.lives[0]
    if date is None or abs(moment_of(date) - live.planned_us) > A_MINUTE_US:
        words = f"it went out for {shown(live.planned_us)}, and {date} is shown"
        yield Finding("untrue", "another date is shown", clip.name, words)
