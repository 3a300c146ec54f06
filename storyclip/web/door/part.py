"""What the door keeps beside the front: how fast each key may be, wrong keys, refusals, uploads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Semaphore
from typing import cast

from flask import current_app

from config.capacity import MAX_STREAMS, PART_OF_A_USER
from storyclip.web.door.buckets import Buckets
from storyclip.web.door.bulkheads import READS_AT_ONCE, Bulkheads
from storyclip.web.door.guesses import Guesses
from storyclip.web.door.password_tries import PasswordTries
from storyclip.web.door.refusals import Refusals
from storyclip.web.door.shares import Shares
from storyclip.web.door.uploads import Uploads

WAIT_ELSEWHERE = 8  # requests of one user that wait for Metricool, or for a worker's look
STREAMS_OF_ONE = MAX_STREAMS // PART_OF_A_USER  # all of them may come back at once
LOOKS_AT_ONCE = 2  # of one address: whether it lives, whether it is ready
LOOK_WAITS_S = 0.5  # whether the process lives is told within a second, whoever asks too often
MOST_CROWDED = 400  # requests that wait to be refused: a third of the threads; others are at once
NAME = "storyclip.door"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Door:
    """The buckets and the turns of each user; of each address the keys it guessed, its refusals.

    `uploads` are the files that arrive now.
    """

    buckets: Buckets
    guesses: Guesses = field(default_factory=Guesses)
    refusals: Refusals = field(default_factory=Refusals)
    opening: Bulkheads = field(default_factory=lambda: Bulkheads(READS_AT_ONCE, STREAMS_OF_ONE))
    reading: Bulkheads = field(default_factory=lambda: Bulkheads(READS_AT_ONCE))
    here: Bulkheads = field(default_factory=Bulkheads)
    elsewhere: Bulkheads = field(default_factory=lambda: Bulkheads(WAIT_ELSEWHERE))
    looks: Bulkheads = field(default_factory=lambda: Bulkheads(LOOKS_AT_ONCE, wait_s=LOOK_WAITS_S))
    password_tries: PasswordTries = field(default_factory=PasswordTries)
    uploads: Uploads = field(default_factory=Uploads)
    crowd: Semaphore = field(default_factory=lambda: Semaphore(MOST_CROWDED))
    shares: Shares = field(default_factory=lambda: Shares(time.monotonic))


def door() -> Door:
    """Return what this application was made with."""
    return cast(Door, current_app.extensions[NAME])
