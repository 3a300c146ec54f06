"""Everything that a decision about a clip may look at, as the rows said at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from storyclip.domain.batch import Batch
from storyclip.domain.changing import replace
from storyclip.domain.clip import UNDECIDED, Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.installation import Installation
from storyclip.domain.order import Sibling, is_being_taken_back
from storyclip.domain.send import Send
from storyclip.domain.transfer import Transfer

_SOUND = Installation()


class Wanted(Enum):
    """What the user wants of a clip that Metricool has."""

    YES = auto()
    FORBIDDEN = auto()  # whose batch it is may not publish on this account any more
    LATER = auto()  # the batch is paused, or it has to make way for an earlier clip
    NEVER = auto()  # the batch is cancelled


def looks_around(clip: Clip, batch: Batch) -> bool:
    """Return whether its neighbours matter: until a dated clip was first seen, and once stopped."""
    is_unseen = clip.state is State.WAITING_CONFIRMATION and clip.seen_at is None
    is_open = clip.state in UNDECIDED or is_unseen or batch.pause_requested_at is not None
    return is_open and batch.mode is not Mode.NOW


@dataclass(frozen=True, slots=True)
class Situation:
    """A clip, its batch, and its neighbours there.

    `is_allowed`: whose batch it is may publish on its account as of now.
    `sends` are the clip's own, oldest first; read only where they matter, while it is pending,
    verifying or failed. `taken` are the dates of the account's stories of the last day, for
    networks that count them. `holds_lane`: it is the one in flight that others of its lane wait
    for. `here` is what the database says of itself. `transfer` is how far the bytes of a clip that
    is a file are on their way; read while it is pending.
    """

    clip: Clip
    batch: Batch
    is_allowed: bool
    siblings: tuple[Sibling, ...] = ()
    sends: tuple[Send, ...] = ()
    taken: tuple[datetime, ...] = ()
    holds_lane: bool = False
    here: Installation = _SOUND
    transfer: Transfer | None = None

    @property
    def is_planned(self) -> bool:
        """Return whether the clips of its batch have dates of their own."""
        return self.batch.mode is not Mode.NOW

    @property
    def wanted(self) -> Wanted:
        """Return whether the user wants its post on its date.

        A pause lets the clip in hand finish: only what waits for a date of its own is recalled.
        """
        if self.batch.cancel_requested_at is not None:
            return Wanted.NEVER
        if not self.is_allowed:
            return Wanted.FORBIDDEN
        if is_being_taken_back(self.clip):
            return Wanted.LATER
        in_hand = not self.is_planned or self.holds_lane
        paused = self.batch.pause_requested_at is not None and not in_hand
        return Wanted.LATER if paused else Wanted.YES

    def with_clip(self, clip: Clip) -> Situation:
        """Return the situation after the clip moved, all else as it was."""
        held = self.holds_lane and clip.state is not State.PENDING
        return replace(self, clip=clip, holds_lane=held)
