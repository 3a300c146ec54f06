"""The rows of users' files: who has which, how far each is, and who is at work on it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from storyclip.domain.errors import LostRace, NotFound
from storyclip.domain.reach import EVERYTHING, Reach
from storyclip.domain.user_file import FileState, UserFile
from storyclip.store.database import reading, writing
from storyclip.store.models import FileRow

_FACTS = [getattr(FileRow, fact.name) for fact in fields(UserFile)]


def find(file_id: str, reach: Reach = EVERYTHING) -> UserFile:
    """Return a file.

    Raises:
        NotFound: there is none, or it is out of reach: nobody can tell which.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        found = _select(FileRow.id == file_id, _within(reach))
    if not found:
        raise NotFound(f"no file {file_id}")
    return found[0]


def same(user_id: str, sha256: str) -> UserFile | None:
    """Return the user's ready file with these bytes, None where there is none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    is_it = (FileRow.user_id == user_id) & (FileRow.sha256 == sha256)
    with reading():
        return next(iter(_select(is_it, FileRow.state == FileState.READY)), None)


def arriving(user_id: str) -> int:
    """Return how many files of a user have bytes missing.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return int(_where(FileRow.user_id == user_id, FileRow.state == FileState.RECEIVING).count())


def begin(user_id: str, name: str, size: int, options: dict[str, Any], at: datetime) -> UserFile:
    """Make the row of a file whose bytes are to come, and return it; in the caller's transaction.

    Raises:
        StoreUnavailable: nothing was written.
    """
    file_id = secrets.token_urlsafe(16)
    with writing():
        FileRow.insert(
            id=file_id,
            user_id=user_id,
            name=name,
            size=size,
            received=0,
            state=FileState.RECEIVING,
            options=options,
            progress=0.0,
            created_at=at,
            touched_at=at,
        ).execute()
    return find(file_id)


def received(file_id: str, before: int, now: int, at: datetime) -> None:
    """Note how much has arrived.

    Raises:
        LostRace: another request was quicker; nothing was written.
        StoreUnavailable: nothing was written.
    """
    more = FileRow.update(received=now, touched_at=at)
    is_it = (FileRow.id == file_id) & (FileRow.received == before)
    with writing():
        if more.where(is_it, FileRow.state == FileState.RECEIVING).execute() == 0:
            raise LostRace(f"file {file_id} has other bytes by now")


def arrived(file_id: str, sha256: str, at: datetime) -> None:
    """Have a file looked into whose bytes are all there.

    Raises:
        StoreUnavailable: nothing was written.
    """
    whole = FileRow.update(
        sha256=sha256, state=FileState.CHECKING, received=FileRow.size, touched_at=at, next_at=at
    )
    with writing():
        whole.where(FileRow.id == file_id, FileRow.state == FileState.RECEIVING).execute()


def due(at: datetime, limit: int) -> Sequence[str]:
    """Return the files that somebody should work on now, the longest due first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    waiting = _where(FileRow.next_at <= at).order_by(FileRow.next_at).limit(limit)
    with reading():
        return [str(facts["id"]) for facts in waiting.dicts()]


def take(file_id: str, worker: str, at: datetime, until: datetime) -> UserFile | None:
    """Take a file that is due in hand until then, and return it; None where somebody has it.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    taken = FileRow.update(worker=worker, next_at=until)
    with writing():
        if taken.where(FileRow.id == file_id, FileRow.next_at <= at).execute() == 0:
            return None
    return find(file_id)


def note(file_id: str, worker: str, until: datetime | None, **facts: Any) -> None:
    """Write what came of a file in hand, and when others are to look at it.

    Raises:
        LostRace: somebody else has it by now; nothing was written.
        StoreUnavailable: nothing was written.
    """
    noted = FileRow.update(next_at=until, **facts)
    with writing():
        if noted.where(FileRow.id == file_id, FileRow.worker == worker).execute() == 0:
            raise LostRace(f"file {file_id} is in other hands")


def remove(file_id: str) -> None:
    """Forget a file of which no clip was made, and its pieces.

    Raises:
        StoreUnavailable: nothing was forgotten.
    """
    with writing():
        FileRow.delete().where(FileRow.id == file_id).execute()


def _within(reach: Reach) -> Any:
    if reach.users.is_every:
        return FileRow.id.is_null(False)
    return FileRow.user_id.in_(sorted(reach.users.named))


def _where(*conditions: Any) -> Any:
    return FileRow.select(*_FACTS).where(FileRow.marked_at.is_null(), *conditions)


def _select(*conditions: Any) -> list[UserFile]:
    return [
        UserFile(**{**facts, "state": FileState(facts["state"])})
        for facts in _where(*conditions).dicts()
    ]
