"""Whether somebody may still do what they began, looked at again while it takes its time."""

from __future__ import annotations

import time

from storyclip.domain.holder import Holder, Scope
from storyclip.web.door import auth

LOOK_EVERY_S = 0.4  # a right that is taken away ends within a second


class Still:
    """One request of somebody's; `so` is what became of it, for the words of its end."""

    def __init__(self, who: Holder, scope: Scope, so: str) -> None:
        self._who, self._scope, self._so = who, scope, so
        self._look_at = time.monotonic() + LOOK_EVERY_S

    def look(self) -> None:
        """Look at their right again, unless that was just now.

        Raises:
            Problem: 401, 403: as `auth.require_still`.
            StoreUnavailable: the database does not answer.
        """
        if time.monotonic() >= self._look_at:
            auth.require_still(self._who, self._scope, so=self._so)
            self._look_at = time.monotonic() + LOOK_EVERY_S
