"""Which files and which clips' bytes are worked on next: each user's first before all seconds."""

from __future__ import annotations

from datetime import timedelta

from storyclip.domain.user_file import FileState
from storyclip.store.database import run, writing
from storyclip.store.files import brought, files, transfers
from storyclip.store.instants import to_text
from tests.store.making import T0, made

A_MINUTE = timedelta(minutes=1)


def due_file(user_id: str, minutes_ago: int) -> str:
    file = files.begin(user_id, "a.mp4", 9, {}, T0)
    with writing():
        values = (FileState.CHECKING.value, to_text(T0 - minutes_ago * A_MINUTE), file.id)
        run("UPDATE files SET state = ?, next_at = ? WHERE id = ?", values)
    return file.id


def test_a_users_many_files_come_after_the_first_of_another(store: str):
    first, second, third = (due_file("ana", minutes) for minutes in (30, 20, 10))
    other = due_file("bea", 1)

    assert list(files.due([FileState.CHECKING], T0, 2)) == [first, other]
    assert list(files.due([FileState.CHECKING], T0, 9)) == [first, other, second, third]
    assert list(files.due([FileState.PREPARING], T0, 9)) == []
    assert (brought.whose(other), brought.whose("nothing")) == ("bea", "")


def test_a_users_many_clips_come_after_the_first_of_another(store: str):
    ana, bea = made("b1", 3, user="ana"), made("b2", 1, user="bea")
    with writing():
        for minutes, clip in enumerate([*bea, *reversed(ana)], 1):
            values = (clip.id, 1, "{}", to_text(T0 - minutes * A_MINUTE))
            run(
                "INSERT INTO transfers (clip_id, send, transfer, next_at) VALUES (?, ?, ?, ?)",
                values,
            )

    assert list(transfers.due(T0, 2)) == [ana[0].id, bea[0].id]
    assert transfers.whose(bea[0].id) == "bea"
    assert transfers.whose(999_999) == ""
