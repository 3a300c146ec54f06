"""Signs of life of the media processes, and what keeps files waiting for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.clip import Clip
from storyclip.domain.media_care import is_left
from storyclip.domain.user_file import Trouble
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_instant, to_text

KNOWN_FOR = timedelta(days=1)

_LATEST = "SELECT MAX(alive_at) FROM media_processes"
_LEFT = (
    "SELECT (SELECT MIN(next_at) FROM files WHERE next_at IS NOT NULL AND marked_at IS NULL),"
    f" (SELECT MIN(next_at) FROM transfers WHERE next_at IS NOT NULL), ({_LATEST})"
)

_OF_SEND = f"SELECT next_at, ({_LATEST}) FROM transfers WHERE clip_id = ? AND send = ?"


def give_sign(name: str, at: datetime) -> None:
    """Note that a media process lives.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        run(
            "INSERT INTO media_processes (name, alive_at) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET alive_at = excluded.alive_at",
            (name, to_text(at)),
        )
        run("DELETE FROM media_processes WHERE alive_at < ?", (to_text(at - KNOWN_FOR),))


def forget(name: str) -> None:
    """Note that a media process ends, so that nobody waits for it.

    Raises:
        StoreUnavailable: it is found to be silent.
    """
    with writing():
        run("DELETE FROM media_processes WHERE name = ?", (name,))


def alive_at() -> datetime | None:
    """Return when one of them gave a sign last, None for never.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        (latest,) = run(_LATEST).fetchone()
    return to_instant(latest)


def is_left_of(clip: Clip, at: datetime) -> bool:
    """Return whether the bytes of a clip's next send are due, and nobody is there to bring them.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_OF_SEND, (clip.id, clip.sends)).fetchone()
    return row is not None and is_left(to_instant(row[0]), to_instant(row[1]), at)


def left_since(at: datetime) -> datetime | None:
    """Return since when something is due that nobody is there to see to; None where all is well.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        *due, latest = map(to_instant, run(_LEFT).fetchone())
    since = min((one for one in due if one is not None), default=None)
    return since if is_left(since, latest, at) else None


def is_any_held_by(trouble: Trouble) -> bool:
    """Return whether a file waits because of it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    held = "SELECT 1 FROM files WHERE trouble = ? AND marked_at IS NULL LIMIT 1"
    with reading():
        return run(held, (trouble.value,)).fetchone() is not None
