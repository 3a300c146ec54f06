"""Somebody on the way to a provider and back."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent along with somebody, and has to come back or be shown again."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says that came back; `email` only where it has verified it."""

    subject: str
    email: str | None
