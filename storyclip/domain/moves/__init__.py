"""Every way a clip can move: its edge, and all the columns that belong to it.

A move is decided here and written in one place, `store.writer.write`. Three words say when the
clip is due next: `mine` (it goes on in this worker's hand), `later`, `NEVER` (not by itself).
"""

from storyclip.domain.moves.again import rechecked, retried
from storyclip.domain.moves.move import NEVER, Due, Move, date_of, later, mine, uncounted
from storyclip.domain.moves.notes import (
    could_not_look,
    due,
    leading,
    looked,
    not_asked,
    seen_unread,
)
from storyclip.domain.moves.sending import (
    absent,
    accepted,
    brought_home,
    can_be_found,
    claimed,
    could_not_ask,
    found,
    given_up,
    held_up,
    intended,
    missed,
    postponed,
    refused,
    tried,
    unanswered,
)
from storyclip.domain.moves.watching import (
    deleted_upstream,
    followed,
    forbidden,
    moved,
    recalled,
    seen_failed,
    seen_live,
    taking_back,
    timed_out,
    withdrawn,
)

__all__ = [
    "NEVER",
    "Due",
    "Move",
    "absent",
    "accepted",
    "brought_home",
    "can_be_found",
    "claimed",
    "could_not_ask",
    "could_not_look",
    "date_of",
    "deleted_upstream",
    "due",
    "followed",
    "forbidden",
    "found",
    "given_up",
    "held_up",
    "intended",
    "later",
    "leading",
    "looked",
    "mine",
    "missed",
    "moved",
    "not_asked",
    "postponed",
    "recalled",
    "rechecked",
    "refused",
    "retried",
    "seen_failed",
    "seen_live",
    "seen_unread",
    "taking_back",
    "timed_out",
    "tried",
    "unanswered",
    "uncounted",
    "withdrawn",
]
