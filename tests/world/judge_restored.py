"""What a person's word about strangers led to: whose story each clip was given."""

from __future__ import annotations

from collections.abc import Iterator

from tests.world.facts import Clips, Finding
from tests.world.record import Record
from tests.world.times import shown


def others_stories(record: Record) -> frozenset[str]:
    """Return the clips that hold another's story, and those whose story another has.

    By order alone nobody can tell them apart: known, and written down in docs/proof.md.
    """
    wrong = [(clip, record.owner[uuid]) for _, uuid, clip in record.adopted]
    return frozenset(name for clip, owner in wrong if clip != owner for name in (clip, owner))


def of_adoptions(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield whoever was given another's story though nothing was missing before it.

    By order that happens only where a clip has no story of its own: it had failed in the rows that
    are lost, or somebody took its story away.
    """
    sessions: dict[int, dict[str, str]] = {}
    for at_us, uuid, holder in record.adopted:
        sessions.setdefault(at_us, {})[holder] = record.owner[uuid]
    for at_us, given in sessions.items():
        for name, owner in given.items():
            clip = clips.get(name)
            if clip is None or owner == name or name in given.values():
                continue
            if clip.was_said_before(at_us, "failed", "cancelled") or clip.touched:
                continue
            words = f"it was given the story of {owner} at {shown(at_us)}"
            yield Finding("out of order", "given another's story", name, words)
