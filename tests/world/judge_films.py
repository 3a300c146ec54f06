"""Whether films came to what they should: the right bytes, in order, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator

from storyclip.flow.mend_file import MOST_LOSSES
from tests.world.facts import ClipFacts, Clips, Finding
from tests.world.record import FilmEnd, Record

OVER = ("ready", "refused")
ENDED = ("published", "failed", "cancelled")


def of_films(record: Record, clips: Clips) -> Iterator[Finding]:
    """Yield what is wrong with films, and with the stories made of them."""
    for clip in clips.values():
        yield from _right_bytes(record, clip)
        yield from _not_failed_for_nothing(record, clip)
        yield from _sent_for_a_reason(record, clip)
    for film in record.films:
        yield from _became(record, film)
    yield from _at_the_end(record)


def _right_bytes(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    wanted = record.wanted_bytes.get(clip.batch)
    if not wanted:
        return
    for live in clip.lives:
        shown = record.shown_bytes.get(live.uuid)
        if shown != wanted[clip.index - 1]:
            whose = f"piece {wanted.index(shown) + 1}" if shown in wanted else f"{shown}"
            yield Finding("out of order", "the bytes of another", clip.name, f"it shows {whose}")


def _not_failed_for_nothing(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    """A film's bytes are there until its story has ended, unless somebody took the disk away."""
    wanted = record.wanted_bytes.get(clip.batch)
    if not wanted:
        return
    is_removed = wanted[clip.index - 1] in record.removed_bytes  # once its story had failed
    is_touched = bool(record.disk_us or record.restored or is_removed)
    if clip.shown["errorCode"] == "media_unavailable" and not is_touched:
        yield Finding("lost", "bytes gone by themselves", clip.name, str(clip.shown["error"]))
    if record.is_calm and clip.status != "published":
        yield Finding("lost", f"{clip.status} though nothing happened", clip.name, "a film")


def _sent_for_a_reason(record: Record, clip: ClipFacts) -> Iterator[Finding]:
    """No upload is opened twice for one send, unless something happened."""
    opened = record.opened[clip.name]
    if not opened:
        return
    acts = sum(told.batch == clip.batch and told.act[:6] != "create" for told in record.told)
    troubles = sum(about == clip.name for _, about in record.trouble)
    happened = record.counts["kills"] + record.counts["faults"] + record.counts["restores"]
    causes = acts + troubles + happened
    if opened > max(1, len(clip.sent)) + causes:
        words = f"{opened} uploads for {len(clip.sent)} POSTs, {causes} causes"
        yield Finding("untrue", "uploads without a cause", clip.name, words)


def _became(record: Record, film: FilmEnd) -> Iterator[Finding]:
    if film.is_given_up:
        words = f"its user tried {film.tries} times, and it was {film.state}"
        yield Finding("stuck", "a film that is never taken in", film.name, words)
    is_broken = film.sort == "broken"
    is_touched = bool(record.disk_us or record.restored)
    if film.state == "ready" and is_broken:
        yield Finding("untrue", "ready, and nothing can be made of it", film.name, film.sort)
    if film.lacks_pieces and not (record.restored or record.counts["people"]):
        yield Finding("untrue", "ready, and pieces are missing", film.name, film.sort)
    is_lost_each_time = record.lost_work[film.name] >= MOST_LOSSES  # and given up, as it is told
    if film.state == "refused" and not (is_broken or is_touched or is_lost_each_time):
        yield Finding("untrue", "refused, and it is fine", film.name, film.sort)


def _at_the_end(record: Record) -> Iterator[Finding]:
    for name, state in record.film_states:
        if state not in (*OVER, "receiving"):  # whose user may have begun it anew
            yield Finding("stuck", f"a film {state} for ever", name, "at the end")
    if record.open_transfers and all(
        clip["status"] in ENDED for ending in record.endings for clip in ending.clips
    ):
        words = f"of clips {record.open_transfers}"
        yield Finding("stuck", "a transfer due for ever", "films", words)
    for name, place in record.lost_bytes:
        if not (record.disk_us or record.restored):
            yield Finding("lost", "a piece that its row needs", name, place)
    if record.left_over:
        words = ", ".join(sorted(record.left_over)[:5])
        yield Finding("stuck", "left on the disk", "films", words)
