"""What became of rows that are not the newest: whose story each clip was given, what copies did."""

from __future__ import annotations

from collections.abc import Iterator

from tests.world.facts import Finding
from tests.world.record import Record
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
