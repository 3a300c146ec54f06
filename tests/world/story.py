"""A history told so that a person reads it in a minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from tests.world.judge import Finding
from tests.world.record import Record
from tests.world.times import instant

WIDTH = 150


def told(record: Record, findings: Sequence[Finding] = ()) -> str:
    """Return the timeline, one line a happening, and what is wrong at its end."""
    lines, repeats = [], 0
    before = ("", "")
    for at_us, who, what in sorted(record.lines, key=lambda line: line[0]):
        if (who, what) == before:
            repeats += 1
            continue
        if repeats:
            lines.append(f"{'':23}  … {repeats} times more")
        before, repeats = (who, what), 0
        lines.append(f"{instant(at_us):%a %H:%M:%S.%f}"[:16] + f"  {who:14} {what}"[:WIDTH])
    if repeats:
        lines.append(f"{'':23}  … {repeats} times more")
    return "\n".join([*lines, *_wrong(findings)])


def _wrong(findings: Iterable[Finding]) -> list[str]:
    return [
        f"  WRONG  {finding.kind}: {finding.about}: {finding.what}: {finding.words}"
        for finding in findings
    ]


def fingerprint(record: Record) -> str:
    """Return a short text that is the same for the same history alone."""
    return blake2b(repr(record.lines).encode(), digest_size=8).hexdigest()
