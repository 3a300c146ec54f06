"""Acts on the rows of a lane, whatever made somebody do them: what histories are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.model.imitated import Imitated
from tests.model.real import Real
from tests.model.twin.rows import Rows
from tests.model.ways import Facts, possible

Deed = Callable[[Imitated | Real], Any]
VERBS = (
    *("move",) * 40,
    *("rest", "rest", "rest", "make way", "make way", "bury", "learn"),
    *("pause", "resume", "resume", "cancel"),
    *("keep a late id", "begin a removal", "mark as gone"),
)


@dataclass(frozen=True)
class Act:
    """Something done to a clip or its batch.

    `clip`, `way` (from 0 to 1) and `number` choose among what can be; `is_due`: among the clips
    that are due at some time, if any is. `late` is how many acts ago the rows were read, `waits_s`
    what passes before it is done, `date_s` how far ahead a date is that is asked for or shown.
    """

    verb: str
    clip: int
    is_due: bool
    way: float
    number: int
    late: int
    waits_s: int
    date_s: int

    def deed(self, rows: Rows, now: datetime) -> tuple[str, Deed]:
        """Return what is done, in words and to either side; `rows` are what was read."""
        due = [clip for clip in rows.clips if clip.next_at is not None]
        clips = due if due and self.is_due else rows.clips
        clip = clips[self.clip % len(clips)]
        facts = Facts(now, now + timedelta(seconds=self.date_s), self.number)
        name, post, sends = f"clip {clip.id}", facts.post(clip), rows.sends_of(clip.id)
        match self.verb:
            case "move":
                ways = list(possible(clip, facts))
                move = ways[int(self.way * len(ways))]
                return f"{move.event or 'note'} of {name}", lambda side: side.write(move, now)
            case "rest":
                return f"rest of {name}", lambda side: side.rest(clip, now)
            case "make way":
                return f"way for {name}", lambda side: side.make_way(clip, now)
            case "bury":
                return f"{facts.worker} is buried", lambda side: side.bury(facts.worker, now)
            case "learn":
                return "the lane changes media", lambda side: side.learn(clip)
            case "pause":
                return f"pause of {clip.batch_id}", lambda side: side.pause(clip.batch_id, now)
            case "resume":
                return (
                    f"resume of {clip.batch_id}",
                    lambda side: side.resume(clip.batch_id, now, facts.date),
                )
            case "cancel":
                return f"cancel of {clip.batch_id}", lambda side: side.cancel(clip.batch_id, now)
            case "keep a late id":
                return f"late id of {name}", lambda side: side.keep_late_id(clip, post)
            case "begin a removal" if sends:
                send = sends[0]
                return f"removal for {name}", lambda side: side.begin_removal(send, post, now)
            case "mark as gone" if sends:
                send = sends[0]
                return f"gone for {name}", lambda side: side.mark_gone(send, now)
        return "nothing", lambda side: None
