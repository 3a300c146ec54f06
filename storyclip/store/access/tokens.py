"""Tokens that stand for somebody: 256 random bits, of which only a hash is kept."""

from __future__ import annotations

import secrets
from hashlib import blake2b


def new() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is kept of a token: random bits cannot be guessed from their hash."""
    return blake2b(token.encode(errors="replace"), digest_size=32).hexdigest()
