"""A clip for which Metricool has another date than we asked for: those after it make way for it."""

from __future__ import annotations

from storyclip.domain import order
from storyclip.domain.moves import Move
from storyclip.domain.situation import Situation
from storyclip.flow.asking import Course, MakeWay, put


def put_in_place(situation: Situation, move: Move) -> Course[None]:
    """Write that a post was first seen; have later ones that it would come after taken back.

    So the order holds that was promised when the clip was asked for again behind others. A date
    that somebody chose far ahead is waited for by nobody, and what is moved after that first look
    was moved by a person, who wants it there.
    """
    seen = move.after
    in_order = situation.is_planned and not seen.order_waived and not seen.is_let_go
    if in_order and order.has_passed(seen.index, seen.planned_for, situation.siblings):
        yield MakeWay(seen)
    yield from put(move)
