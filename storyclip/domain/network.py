"""The networks that a story can go out on."""

from __future__ import annotations

from enum import StrEnum


class Network(StrEnum):
    """Where stories go out, by the name that Metricool has for it."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
