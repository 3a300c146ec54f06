"""What the door keeps beside the front: how fast each key may be, and wrong keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from storyclip.web.door.buckets import Buckets
from storyclip.web.door.guesses import Guesses

NAME = "storyclip.door"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Door:
    """The buckets of each key, and the addresses from which keys are guessed."""

    buckets: Buckets
    guesses: Guesses = field(default_factory=Guesses)


def door() -> Door:
    """Return what this application was made with."""
    return cast(Door, current_app.extensions[NAME])
