"""Whether everything came to an end, or says why not, and whether its events tell all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.world.facts import Clips, Finding, touches
from tests.world.record import Ending, Record
from tests.world.times import moment_of, shown

IN_DOUBT = "StoryClip's database was put back"
SAID_IN_DOUBT = ("error", "errorCode", "errorFacts", "retrySafety")
NAMES = re.compile(r"clip \d+ of \w+|\bb\d\w*|\d+")


def at_the_end(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield what did not end, and what its events do not say."""
    for escaped in record.escaped:
        what = NAMES.sub("…", escaped.error)[:80]
        words = f"{escaped.about} at {shown(escaped.at_us)}: {escaped.error}"
        yield Finding("stuck", what, escaped.about, words)
    if record.endless is not None:
        yield from _without_end(record, record.endless, clips)
        if record.calls[record.endless] > 3 * record.most_calls(record.endless):
            return  # the world was ended for it
    for lane in record.held_at_end:
        yield Finding("stuck", "held though somebody has said", lane, "at the end of the world")
    for ending in record.endings:
        yield from _ended(record, ending)
        yield from _events(ending)
    for glimpse in record.glimpses:
        yield from _events(glimpse)


def _without_end(record: Record, about: str, clips: Clips) -> Iterator[Finding]:
    clip = clips.get(about)
    how = f"{clip.status}, {touches(clip.touched)}" if clip else "lane"
    words = f"asked Metricool {record.calls[about]} times about it"
    yield Finding("stuck", f"asks without end: {how}", about, words)


def _lane(ending: Ending) -> tuple[str, str]:
    return ending.summary["accountId"], ending.summary["network"]


def _is_full(ending: Ending) -> bool:
    """Return whether a batch waits, and says so, for its account to be let publish again."""
    return any("Instagram takes" in (clip["error"] or "") for clip in ending.clips)


def _ended(record: Record, ending: Ending) -> Iterator[Finding]:
    summary = ending.summary
    if summary["status"] != "processing":
        return
    waits = [clip for clip in ending.clips if clip["status"] not in _ENDED]
    before = [other for other in record.endings if _lane(other) == _lane(ending)]
    is_sent = any(clip["status"] != "pending" for clip in waits)
    if _is_full(ending) or (not is_sent and any(map(_is_full, before))):
        return
    if all(clip["status"] == "waiting_confirmation" for clip in waits) and _are_ahead(
        record, waits
    ):
        return
    states = "+".join(sorted({clip["status"] for clip in waits}))
    words = f"{summary['phase']}; " + ", ".join(
        f"{clip['index']} {clip['status']} for {clip['scheduledAt']}" for clip in waits
    )
    yield Finding("stuck", f"never ends: {states}", ending.batch, words)


def _are_ahead(record: Record, clips: Sequence[dict[str, Any]]) -> bool:
    """Return whether a person put their dates off beyond the end of the world."""
    return all(moment_of(clip["scheduledAt"]) > record.ended_us for clip in clips)


def _events(ending: Ending) -> Iterator[Finding]:
    numbers = [event["seq"] for event in ending.events]
    if numbers != list(range(1, len(numbers) + 1)) or ending.summary["lastSeq"] != len(numbers):
        yield Finding("untrue", "events have a gap", ending.batch, f"they are {numbers}")
    last = {e["clip"]["index"]: e["clip"] for e in ending.events if e["clip"] is not None}
    for clip in ending.clips:
        told = last.get(clip["index"])
        if told is None:
            differ = [] if clip["status"] == "pending" else ["status"]
        else:
            differ = [key for key, value in clip.items() if told[key] != value]
            # Said of all that is safe, while its lane is in doubt
            if any((view["error"] or "").startswith(IN_DOUBT) for view in (told, clip)):
                differ = [key for key in differ if key not in SAID_IN_DOUBT]
        if differ:
            name = f"{ending.batch}.{clip['index']}"
            shows = {key: (None if told is None else told[key], clip[key]) for key in differ}
            what = f"changed without an event: {', '.join(differ)}"
            yield Finding("untrue", what, name, f"told and shown: {shows}")


_ENDED = ("published", "failed", "cancelled")
