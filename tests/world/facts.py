"""What is known of each clip of a history, put together for the judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.world.record import Asked, Deletion, Live, Record, Sent, Touched
from tests.world.times import SECOND_US, moment_us

WRONG_US = 1800 * SECOND_US  # what a wrong clock is off by is twice that
KNOWN_AGAIN_WITHIN_US = 600 * SECOND_US  # assumed in docs/proof.md
HARMLESS = ("edit", "copy", "copy to its minute", "take its id for another")  # to its date


@dataclass(frozen=True)
class Finding:
    """One thing that must not be: its kind, what it is in general, of whom, and how it was."""

    kind: str
    what: str
    about: str
    words: str


@dataclass
class ClipFacts:
    """One accepted clip: what was sent, what went live, what was said, what people did."""

    name: str
    batch: str
    index: int
    asked: Asked
    shown: dict[str, Any]  # at the end
    sent: list[Sent] = field(default_factory=list)
    lives: list[Live] = field(default_factory=list)  # of posts that are ours
    theirs: list[Live] = field(default_factory=list)  # that a person brought back, or copied
    said: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # when, and the view
    touched: list[Touched] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Return what it is called at the end."""
        return str(self.shown["status"])

    @property
    def first_live(self) -> Live | None:
        """Return how it first went out, None if it never did."""
        return self.lives[0] if self.lives else None

    @property
    def is_date_touched(self) -> bool:
        """Return whether a person had to do with when, or whether, it goes out."""
        return any(one.act not in HARMLESS for one in self.touched)

    @property
    def was_deleted_by_a_person(self) -> bool:
        """Return whether a person made it vanish."""
        return any(one.act.startswith(("delete", "lose")) for one in self.touched)

    def is_replanned(self, live: Live) -> bool:
        """Return whether a person had a post go out after all that had failed."""
        return any(t.uuid == live.uuid and t.act.startswith("replan") for t in self.touched)

    def is_upstream(self, us: int) -> bool:
        """Return whether a post of it waited for its date at a moment."""
        over = {live.uuid for live in self.lives if live.at_us <= us}
        over |= {deletion.uuid for deletion in self.deletions if deletion.at_us <= us}
        made = [one for one in self.sent if one.handled_us is not None and one.handled_us <= us]
        return any(one.uuid is not None and one.uuid not in over for one in made)

    def sent_for(self, live: Live) -> Sent | None:
        """Return the POST by which a live story came to be."""
        return next((one for one in self.sent if one.uuid == live.uuid), None)

    def cannot_be_told(self, live: Live) -> bool:
        """Return whether a story came of a POST that nobody could know again.

        It was on its way for longer than is assumed in `docs/proof.md`, and what it made is shown
        under another URL than was sent, or under one that another send of its clip shares.
        """
        sent = self.sent_for(live)
        if sent is None or sent.handled_us is None:
            return False
        shared = [one for one in self.sent if one.media_url == sent.media_url]
        is_late = sent.handled_us - sent.began_us > KNOWN_AGAIN_WITHIN_US
        return is_late and (sent.is_disguised or len(shared) > 1)

    def was_said_before(self, us: int, *statuses: str) -> bool:
        """Return whether it was called one of these before a moment."""
        return any(at_us <= us and view["status"] in statuses for at_us, view in self.said)


Clips = Mapping[str, ClipFacts]


def facts_of(record: Record) -> Clips:
    """Return what is known of each accepted clip, by its name."""
    clips: dict[str, ClipFacts] = {}
    for ending in record.endings:
        asked = record.asked[ending.batch]
        for view in ending.clips:
            name = f"{ending.batch}.{view['index']}"
            clips[name] = ClipFacts(name, ending.batch, view["index"], asked, view)
        read = _read(record, ending.events, record.event_us)
        for event, read_us in zip(ending.events, read, strict=True):
            if event["clip"] is not None:
                name = f"{ending.batch}.{event['clip']['index']}"
                clips[name].said.append((read_us, event["clip"]))
    _said_in_lost_rows(record, clips)
    _upstream(record, clips)
    return clips


def _upstream(record: Record, clips: dict[str, ClipFacts]) -> None:
    for sent in record.sent:
        if sent.clip in clips:
            clips[sent.clip].sent.append(sent)
    for live in record.lives:
        if live.uuid in record.copied and record.copied[live.uuid] in clips:
            clips[record.copied[live.uuid]].theirs.append(live)
        if (clip := clips.get(record.owner.get(live.uuid, ""))) is not None:
            is_theirs = record.theirs_since.get(live.uuid, live.at_us + 1) <= live.at_us
            (clip.theirs if is_theirs else clip.lives).append(live)
    for touched in record.touched:
        if touched.clip in clips:
            clips[touched.clip].touched.append(touched)
    for deletion in record.deletions:
        if (clip := clips.get(record.owner.get(deletion.uuid, ""))) is not None:
            clip.deletions.append(deletion)
    for clip in clips.values():
        clip.lives.sort(key=lambda live: live.at_us)


def _said_in_lost_rows(record: Record, clips: dict[str, ClipFacts]) -> None:
    for restored in record.restored:
        for ending in restored.lost:
            read_us = _read(record, ending.events, restored.event_us)
            for event, us in zip(ending.events, read_us, strict=True):
                clip = event["clip"] and clips.get(f"{ending.batch}.{event['clip']['index']}")
                if clip and event["seq"] > restored.last.get(ending.batch, 0):
                    clip.said.append((us, event["clip"]))
    for clip in clips.values() if record.restored else ():
        clip.said.sort(key=lambda said: said[0])


def _read(
    record: Record,
    events: Sequence[Mapping[str, Any]],
    event_us: Mapping[tuple[str, int], int],
) -> list[int]:
    """Return when each event of a batch could be read: it is written before it is announced.

    Whoever was killed between the two announced nothing: then a later one was, or nobody was told.
    What an event says of its time is an hour off where a process began with a wrong clock.
    """
    read_us, later_us = list[int](), list[int]()
    for event in reversed(events):
        if (announced_us := event_us.get((event["batchId"], event["seq"]))) is not None:
            later_us.append(announced_us)
        heard_us = min(later_us, default=record.ended_us)
        written_us = moment_us(datetime.fromisoformat(event["timestamp"]))
        is_off = record.counts["wrong boots"] and abs(heard_us - written_us) > WRONG_US
        read_us.append(heard_us if is_off else min(heard_us, written_us))
    return read_us[::-1]


def of_batch(clips: Clips, batch: str) -> Sequence[ClipFacts]:
    """Return the clips of a batch in their order."""
    return sorted((clip for clip in clips.values() if clip.batch == batch), key=lambda c: c.index)


def touches(touched: Sequence[Touched]) -> str:
    """Say what people did to a clip, for telling sorts of findings apart."""
    acts = sorted({one.act for one in touched})
    return f"touched: {', '.join(acts)}" if acts else "untouched"
