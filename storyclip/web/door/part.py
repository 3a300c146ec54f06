"""What the door keeps beside the front: how fast each key may be, wrong keys, refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from storyclip.web.door.buckets import Buckets
from storyclip.web.door.guesses import Guesses
from storyclip.web.door.refusals import Refusals

NAME = "storyclip.door"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Door:
    """The buckets of each key, and of each address the keys it guessed and the refusals it got."""

    buckets: Buckets
    guesses: Guesses = field(default_factory=Guesses)
    refusals: Refusals = field(default_factory=Refusals)


def door() -> Door:
    """Return what this application was made with."""
    return cast(Door, current_app.extensions[NAME])
