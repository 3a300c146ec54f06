"""Whether all went well, by Metricool's ledger and by what each caller was told."""

from __future__ import annotations

from tests.world.facts import ClipFacts, Finding, facts_of
from tests.world.judge_end import at_the_end
from tests.world.judge_films import of_films
from tests.world.judge_lives import of_lives
from tests.world.judge_neighbours import of_holds
from tests.world.judge_restored import of_adoptions, of_copies
from tests.world.judge_rights import of_rights
from tests.world.judge_wishes import of_wishes
from tests.world.judge_words import of_words
from tests.world.record import Record

KINDS = ("lost", "doubled", "out of order", "untrue", "stuck")


def judge(record: Record) -> list[Finding]:
    """Return everything that must not be, the worst of each clip first."""
    clips = facts_of(record)
    found = [
        *of_lives(record, clips),
        *of_wishes(record, clips),
        *of_words(record, clips),
        *at_the_end(record, clips),
        *of_adoptions(record),
        *of_copies(record),
        *of_holds(record),
        *of_rights(record, clips),
        *of_films(record, clips),
    ]
    return sorted(found, key=lambda finding: KINDS.index(finding.kind))


__all__ = ["KINDS", "ClipFacts", "Finding", "judge"]
