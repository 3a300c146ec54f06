"""What a person should look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that StoryClip cannot put right by itself; said once a kind and subject."""

    kind: str
    subject: str
    detail: str
