"""What became of rows that are not the newest: whose story each clip was given, what copies did."""

from __future__ import annotations

from collections.abc import Iterator

from tests.world.facts import ClipFacts, Finding
from tests.world.record import Live, Record
from tests.world.times import shown


def of_adoptions(record: Record) -> Iterator[Finding]:
    """Yield whoever was given another's story though a person said whose it is."""
    for at_us, uuid, name in record.adopted:
        owner = record.owner[uuid]
        if owner != name:
            words = f"it was given the story of {owner} at {shown(at_us)}"
            yield Finding("out of order", "given another's story", name, words)


def of_copies(record: Record) -> Iterator[Finding]:
    """Yield what a copy of the database did elsewhere, and where it did not say why nothing."""
    for copied in record.copies_started:
        if copied.calls:
            words = f"started at {shown(copied.at_us)}: {copied.calls[0]}"
            yield Finding("doubled", "a copy of the database acts", "copy", words)
        if copied.why is None:
            words = f"started at {shown(copied.at_us)}"
            yield Finding("untrue", "a copy does not say why it sends nothing", "copy", words)


def is_known_once(record: Record, clip: ClipFacts, live: Live) -> bool:
    """Return whether StoryClip could have seen to it that a story is the only one of its clip."""
    return not (clip.cannot_be_told(live) or _is_asked_about(record, clip, live))


def _is_asked_about(record: Record, clip: ClipFacts, live: Live) -> bool:
    """Return whether a person was asked whose a post is before it went out, and had not said.

    It was sent in rows that are lost, and handled once the clip had been sent anew: nobody but a
    person may delete it.
    """
    asked_us, sent = record.asked_us.get(live.uuid), clip.sent_for(live)
    if asked_us is None or sent is None or asked_us >= live.at_us:
        return False
    if any(us <= live.at_us for us, uuid, _ in record.adopted if uuid == live.uuid):
        return False
    others = [one for one in clip.sent if one is not sent]
    was_anew = any(one.began_us > sent.began_us for one in others)
    return was_anew and all(one.began_us < asked_us for one in others)
