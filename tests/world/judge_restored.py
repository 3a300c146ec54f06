"""What a person's word about strangers led to: whose story each clip was given."""

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
