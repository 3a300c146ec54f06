"""That the folder of users' files is the one that has them.

A disk that is not mounted leaves an empty folder, in which every file looks lost. So the rows keep
the mark of the folder, and where it has another, or none, nothing is taken in, made, swept or
called lost until it is back. A new folder in its place is taken once a person leaves an empty mark.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

import structlog

from storyclip.domain.incident import Incident
from storyclip.spool.local import Spool
from storyclip.spool.marked import MARK
from storyclip.store.service import incidents, spool_mark

GONE = "spool_gone"
LOOK_EVERY_S = 10.0
_WORDS = (
    "{} is not the folder that has users' files, or does not answer. Nothing is taken for lost:"
    " mount its disk again, and all goes on by itself. If a new folder is to take its place,"
    " make an empty file {} in it; the files of before are lost then"
)

log = structlog.get_logger("storyclip")


def settle(spool: Spool) -> bool:
    """Prepare the folder if it is the one, or the first; return whether it is.

    Raises:
        StoreUnavailable: it is not known which one is expected.
    """
    place = spool.place
    if place is None:
        spool.prepare()
        return True
    expected = spool_mark.find(place)
    try:
        return _settled(spool, place, expected)
    except OSError as failure:
        log.error("spool_gone", reason=str(failure))
        spool.expect(expected or "")
        return False


def _settled(spool: Spool, place: str, expected: str | None) -> bool:
    found = spool.mark()
    if expected is None:
        proposed = found or secrets.token_hex(8)
        spool.prepare(proposed)
        spool.prepare(spool_mark.keep(place, proposed))  # who was quicker has said which
    elif found in (expected, ""):
        spool.prepare(expected)
    else:
        log.error("spool_gone", reason=f"{place} has not the mark of the folder with the files")
        spool.expect(expected)
        return False
    return True


class SpoolWatch:
    """Looks now and then whether the folder is there, and tells a person for as long as it is not.

    Args:
        monotonic: seconds that never run back.
    """

    def __init__(
        self, spool: Spool, now: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._spool, self._now, self._monotonic = spool, now, monotonic
        self._look_at = float("-inf")

    def look(self) -> None:
        """Look if it is time to.

        Raises:
            StoreUnavailable: it is looked at again.
        """
        at, place = self._monotonic(), self._spool.place
        if at < self._look_at or place is None:
            return
        self._look_at = at + LOOK_EVERY_S
        if self._spool.is_there() or settle(self._spool):
            incidents.end(GONE, self._now(), place)
        else:
            incidents.raise_incident(Incident(GONE, place, _WORDS.format(place, MARK)), self._now())
