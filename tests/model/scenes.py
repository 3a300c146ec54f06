"""The scenes that are explored: all of QUICK in every test run, DEEP besides by the command."""

from __future__ import annotations

from tests.model.scene import DELETING, LOOKING, SENDING, WORKING, Scene

SOON = (180,)  # seconds from the start: near enough that its fence is waited for
TWO_SOON = (180, 240)
FAR = (7200,)  # further ahead than that is waited for: settled by looking for ten minutes
TWO_FAR = (7200, 7260)
PAUSES = ("pause", "resume")

QUICK = (
    Scene("now", faults=2),
    Scene("now, cancelled", faults=1, wishes=("cancel",)),
    Scene("now, edited, deleted in the planner", faults=1, people=("edit", "delete")),
    Scene("two now", clips=2, faults=1),
    Scene("two now, a worker fails twice", clips=2, faults=2, kinds=WORKING),
    Scene("two now, a POST fails twice", clips=2, faults=2, kinds=SENDING),
    Scene("two now, paused and resumed", clips=2, faults=1, wishes=PAUSES),
    Scene("two now, moved in the planner", clips=2, faults=1, people=("move",)),
    Scene("dated", dates_s=SOON, faults=2),
    Scene("dated, cancelled", dates_s=SOON, faults=1, wishes=("cancel",)),
    Scene(
        "dated, cancelled, a DELETE fails",
        dates_s=SOON,
        faults=2,
        kinds=DELETING,
        wishes=("cancel",),
    ),
    Scene("dated, paused and resumed", dates_s=SOON, faults=1, wishes=PAUSES),
    Scene(
        "dated, edited and cancelled", dates_s=SOON, faults=1, people=("edit",), wishes=("cancel",)
    ),
    Scene(
        "dated, its id handed on, cancelled", dates_s=SOON, people=("hand on",), wishes=("cancel",)
    ),
    Scene("two dated", clips=2, dates_s=TWO_SOON, faults=1),
    Scene("two dated, paused and resumed", clips=2, dates_s=TWO_SOON, wishes=PAUSES),
    Scene(
        "two dated, paused, a DELETE fails",
        clips=2,
        dates_s=TWO_SOON,
        faults=1,
        kinds=DELETING,
        wishes=PAUSES,
    ),
    Scene("two dated, moved in the planner", clips=2, dates_s=TWO_SOON, faults=1, people=("move",)),
    Scene("far ahead, cancelled", dates_s=FAR, faults=1, wishes=("cancel",)),
    Scene("far ahead, a POST fails twice", dates_s=FAR, faults=2, kinds=SENDING),
)
DEEP = (
    Scene("two now, two faults", clips=2, faults=2),
    Scene("now, cancelled, two faults", faults=2, wishes=("cancel",)),
    Scene("dated, cancelled, two faults", dates_s=SOON, faults=2, wishes=("cancel",)),
    Scene("two dated, two faults", clips=2, dates_s=TWO_SOON, faults=2),
    Scene("two dated, cancelled", clips=2, dates_s=TWO_SOON, faults=1, wishes=("cancel",)),
    Scene("two dated, edited", clips=2, dates_s=TWO_SOON, faults=1, people=("edit",)),
    Scene(
        "two dated, paused, resumed, cancelled",
        clips=2,
        dates_s=TWO_SOON,
        wishes=(*PAUSES, "cancel"),
    ),
    Scene(
        "two dated, paused, a worker fails",
        clips=2,
        dates_s=TWO_SOON,
        faults=1,
        kinds=WORKING,
        wishes=PAUSES,
    ),
    Scene(
        "two dated, paused, a POST fails",
        clips=2,
        dates_s=TWO_SOON,
        faults=1,
        kinds=SENDING,
        wishes=PAUSES,
    ),
    Scene(
        "two dated, paused, a look fails",
        clips=2,
        dates_s=TWO_SOON,
        faults=1,
        kinds=LOOKING,
        wishes=PAUSES,
    ),
    Scene(
        "two dated, moved, paused and resumed",
        clips=2,
        dates_s=TWO_SOON,
        people=("move",),
        wishes=PAUSES,
    ),
    Scene("far ahead, paused and resumed", dates_s=FAR, faults=1, wishes=PAUSES),
    Scene("far ahead, two faults", dates_s=FAR, faults=2),
    Scene(
        "far ahead, cancelled, a POST late twice",
        dates_s=FAR,
        faults=2,
        kinds=("late",),
        wishes=("cancel",),
    ),
    Scene("two far ahead, cancelled", clips=2, dates_s=TWO_FAR, faults=1, wishes=("cancel",)),
)
