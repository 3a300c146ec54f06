"""The rows of users' files: who has which, how far each is, and who is at work on it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from storyclip.domain.act import Action
from storyclip.domain.errors import LostRace, NotFound
from storyclip.domain.reach import EVERYTHING, Reach
from storyclip.domain.user_file import FileState, Trouble, UserFile
from storyclip.store import acts
from storyclip.store.database import marks, reading, run, writing
from storyclip.store.files.models import FileRow
from storyclip.store.instants import to_text

_SHOWN = ("facts", "problems", "plan", "poster", "strip")
_COPY = (
    "INSERT INTO file_pieces (file_id, number, name, sha256, length_s, measured)"
    " SELECT ?, number, name, sha256, length_s, measured FROM file_pieces WHERE file_id = ?"
)
_DUE = (
    "SELECT id FROM (SELECT id, next_at, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY next_at,"
    " id) AS place FROM files WHERE next_at <= ? AND state IN ({}) AND marked_at IS NULL) d"
    " ORDER BY place, next_at LIMIT ?"
)
_FACTS = [getattr(FileRow, fact.name) for fact in fields(UserFile)]
# By hand: a file that is at work is asked for and noted at each step
_FIND = (
    f"SELECT {', '.join(fact.column_name for fact in _FACTS)} FROM files"
    " WHERE id = ? AND marked_at IS NULL"
)


def find(file_id: str, reach: Reach = EVERYTHING) -> UserFile:
    """Return a file.

    Raises:
        NotFound: there is none, or it is out of reach: nobody can tell which.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_FIND, (file_id,)).fetchone()
    if row is not None:
        read = {fact.name: fact.python_value(it) for fact, it in zip(_FACTS, row, strict=True)}
        found = _file(read)
        if found.user_id in reach.users:
            return found
    raise NotFound(f"no file {file_id}")


def same(user_id: str, sha256: str, options: dict[str, Any]) -> UserFile | None:
    """Return the user's ready file of these bytes, made with the same wishes; None without one.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    is_it = (FileRow.sha256 == sha256) & (FileRow.state == FileState.READY)
    return _first_of(user_id, options, is_it)


def begun(user_id: str, sha256: str, size: int, options: dict[str, Any]) -> UserFile | None:
    """Return the user's file that was announced as this, and of which bytes are missing.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    is_it = (FileRow.promised == sha256) & (FileRow.size == size)
    return _first_of(user_id, options, is_it & (FileRow.state == FileState.RECEIVING))


def arriving(user_id: str) -> int:
    """Return how many files of a user have bytes missing.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return int(_where(FileRow.user_id == user_id, FileRow.state == FileState.RECEIVING).count())


def begin(
    user_id: str,
    name: str,
    size: int,
    options: dict[str, Any],
    at: datetime,
    promised: str | None = None,
    metadata: str | None = None,
) -> UserFile:
    """Make the row of a file whose bytes are to come, and return it.

    Args:
        promised: the SHA-256 that its bytes are to have, where that is known.
        metadata: what the client said of it, to be told again.

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
            promised=promised,
            metadata=metadata,
            state=FileState.RECEIVING,
            options=options,
            progress=0.0,
            created_at=at,
            touched_at=at,
        ).execute()
        acts.write(Action.FILE_BEGIN, file_id, at, detail=f"{size} bytes")
        return find(file_id)


def received(file_id: str, before: int, now: int, at: datetime) -> None:
    """Note how much has arrived.

    Raises:
        LostRace: another request was quicker; nothing was written.
        StoreUnavailable: nothing was written.
    """
    _received(file_id, before, at, received=now)


def all_received(file_id: str, before: int, sha256: str, at: datetime, until: datetime) -> None:
    """Note that everything has arrived, and what it is; who names it has until then.

    Raises:
        LostRace, StoreUnavailable: as `received`.
    """
    _received(file_id, before, at, received=FileRow.size, sha256=sha256, next_at=until)


def _received(file_id: str, before: int, at: datetime, **facts: Any) -> None:
    is_it = (FileRow.id == file_id) & (FileRow.received == before) & FileRow.marked_at.is_null()
    more = FileRow.update(touched_at=at, **facts)
    with writing():
        if more.where(is_it, FileRow.state == FileState.RECEIVING).execute() == 0:
            raise LostRace(f"file {file_id} has other bytes by now")


def arrived(file: UserFile, sha256: str, at: datetime) -> None:
    """Have a file looked into whose bytes have their name; what is known of them is taken over.

    Raises:
        StoreUnavailable: nothing was written.
    """
    is_it = (FileRow.id == file.id) & (FileRow.state == FileState.RECEIVING)
    whole = FileRow.update(state=FileState.CHECKING, touched_at=at, worker=None, next_at=at)
    with writing():
        if whole.where(is_it, FileRow.marked_at.is_null()).execute() == 0:
            return
        twin = same(file.user_id, sha256, file.options)
        if twin is None or run(_COPY, (file.id, twin.id)).rowcount == 0:
            return
        shown = {name: getattr(twin, name) for name in _SHOWN}
        ready = FileRow.update(state=FileState.READY, progress=1.0, next_at=None, **shown)
        ready.where(FileRow.id == file.id).execute()


def due(states: Collection[FileState], at: datetime, limit: int) -> Sequence[str]:
    """Return the files in these states that are due: each user's longest due before all seconds.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        values = (to_text(at), *(state.value for state in states), limit)
        return [file_id for (file_id,) in run(_DUE.format(marks(states)), values).fetchall()]


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

    What kept it waiting is over, unless it is among the facts.

    Raises:
        LostRace: somebody else has it by now, or nobody wants it; nothing was written.
        StoreUnavailable: nothing was written.
    """
    sets, values = FileRow.setting({"next_at": until, "trouble": None, **facts})
    its = "id = ? AND worker = ? AND marked_at IS NULL"
    with writing():
        if run(f"UPDATE files SET {sets} WHERE {its}", (*values, file_id, worker)).rowcount == 0:
            raise LostRace(f"file {file_id} is in other hands")


def hands() -> Sequence[str]:
    """Return who has files in hand.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run("SELECT DISTINCT worker FROM files WHERE next_at IS NOT NULL").fetchall()
    return [worker for (worker,) in rows if worker is not None]


def release(worker: str, at: datetime) -> None:
    """Have what somebody had in hand be due now.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        FileRow.update(next_at=at).where(FileRow.worker == worker, FileRow.next_at > at).execute()


def _first_of(user_id: str, options: dict[str, Any], is_it: Any) -> UserFile | None:
    its = _where(FileRow.user_id == user_id, FileRow.options == options, is_it)
    with reading():
        found = its.order_by(FileRow.created_at, FileRow.id).limit(1).dicts()
        return next(map(_file, found), None)


def _where(*conditions: Any) -> Any:
    return FileRow.select(*_FACTS).where(FileRow.marked_at.is_null(), *conditions)


def _file(facts: dict[str, Any]) -> UserFile:
    trouble = facts["trouble"] and Trouble(facts["trouble"])
    return UserFile(**{**facts, "state": FileState(facts["state"]), "trouble": trouble})
