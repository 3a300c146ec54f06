"""A file stops coming in when the right of who brings it is taken away."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from storyclip.domain.user import Role
from storyclip.store.access import keys, users
from storyclip.web.door import still
from storyclip.web.routes import files
from tests.people import key_for
from tests.web.conftest import NOON, Someone
from tests.web.test_files import BYTES, TUS, announce, code_of, head

GONE = {
    "key": (lambda key: keys.revoke(key.split("_")[1], NOON), 401, "unauthenticated"),
    "user": (lambda _: users.disable("ana", NOON), 401, "unauthenticated"),
    "role": (lambda _: users.set_role("ana", Role.VIEWER, NOON), 403, "scope_missing"),
}


class Interrupted(io.BytesIO):
    """The bytes of a request, in the middle of which something happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(BYTES)
        self._happens = happens

    def readinto(self, into: Any) -> int:
        if self.tell():
            self._happens()
        return super().readinto(memoryview(into)[:100])


@pytest.mark.parametrize("right", GONE)
def test_a_right_that_goes_while_a_file_comes_ends_it(ana, monkeypatch, right):
    monkeypatch.setattr(still, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(files, "BLOCK_BYTES", 100)
    where = announce(ana).headers["Location"]
    take, status, code = GONE[right]
    other = Someone(ana.client, key_for("ana", {"publish"}, at=NOON))

    ended = ana.client.patch(
        where,
        headers={"X-Api-Key": ana.key, **TUS, "Upload-Offset": "0"},
        input_stream=Interrupted(lambda: take(ana.key)),
        content_type="application/offset+octet-stream",
        environ_overrides={"CONTENT_LENGTH": str(len(BYTES))},
    )

    assert code_of(ended, status) == code
    assert "nothing more is taken" in ended.get_json()["detail"]
    users.set_role("ana", Role.PUBLISHER, NOON)
    users.enable("ana", NOON)
    assert 0 < int(head(other, where).headers["Upload-Offset"]) < len(BYTES)
