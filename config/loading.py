"""How a process loads its modules: without looking for garbage among them.

Nothing of what is loaded is garbage, and a look at it again and again was a sixth of each start.
A main imports this before what is big, and says when all is there.
"""

from __future__ import annotations

import gc

AT_ONCE = 200_000  # objects made before the collector looks: more than any of our processes loads

_AS_USUAL = gc.get_threshold()
gc.set_threshold(AT_ONCE, *_AS_USUAL[1:])


def is_over() -> None:
    """Collect as usual from now on, but no more among what is loaded: it stays."""
    gc.freeze()
    gc.set_threshold(*_AS_USUAL)
