"""What can go wrong with the service by which people sign in.

StoryClipError
├── ask again later    ProviderAway
└── nothing helps      ProviderRefused
"""

from __future__ import annotations

from storyclip.domain.errors import StoryClipError


class ProviderAway(StoryClipError):
    """It did not answer, or nothing that could be understood; nobody was signed in."""


class ProviderRefused(StoryClipError):
    """It, or what it said, lets nobody in."""
