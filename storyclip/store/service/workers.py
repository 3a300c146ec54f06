"""Which worker processes live, told by a counter that only the living move."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from storyclip.store.database import marks, reading, run, writing
from storyclip.store.instants import to_text


def beat(name: str) -> None:
    """Note that the worker `name` lives; the first beat makes it known."""
    with writing():
        run(
            "INSERT INTO workers (name, beats) VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET beats = workers.beats + 1",
            (name,),
        )


def beats() -> Mapping[str, int]:
    """Return every worker that has beaten, or has a clip in hand, with its counter.

    One may take a clip and die before its first beat, or after it was buried as only slow.
    """
    with reading():
        known = dict(run("SELECT name, beats FROM workers").fetchall())
        in_hand = run("SELECT worker FROM publish_batch_clips WHERE worker IS NOT NULL").fetchall()
    return {**{name: 0 for (name,) in in_hand}, **known}


def bury(names: Collection[str], at: datetime) -> None:
    """Forget workers that have fallen silent, and make due at once what they had in hand.

    Harmless where one was only slow: its clip is looked for before it is sent again.
    """
    with writing():
        run(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL"
            f" WHERE worker IN ({marks(names)})",
            (to_text(at), *names),
        )
        run(f"DELETE FROM workers WHERE name IN ({marks(names)})", tuple(names))
