"""Whether all went well, by Metricool's ledger and by what each caller was told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that must not be; `kind` is one of KINDS, `about` what of it, `words` say how."""

    kind: str
    about: str
    words: str


KINDS = ("lost", "doubled", "out of order", "untrue", "stuck")
