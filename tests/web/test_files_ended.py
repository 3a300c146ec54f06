"""A file stops coming in when the right of who brings it is taken away."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from storyclip.domain.user import Role
from storyclip.store.access import users
from storyclip.web.door import still
from storyclip.web.routes import files
from tests.people import key_for
from tests.web.conftest import NOON, Someone
from tests.web.gone import GONE
from tests.web.test_files import BYTES, TUS, announce, code_of, head

CODES = {401: "unauthenticated", 403: "scope_missing"}


class Interrupted(io.BytesIO):
    """The bytes of a request, in the middle of which something happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(BYTES)
        self._happens = happens

    def readinto(self, into: Any) -> int:
        if self.tell():
            self._happens()
        return super().readinto(memoryview(into)[:100])


@pytest.mark.parametrize("right", ["key", "user", "role"])  # it is for no account yet
def test_a_right_that_goes_while_a_file_comes_ends_it(ana, monkeypatch, right):
    monkeypatch.setattr(still, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(files, "BLOCK_BYTES", 100)
    where = announce(ana).headers["Location"]
    take, status = GONE[right]
    other = Someone(ana.client, key_for("ana", {"publish"}, at=NOON))

    ended = ana.client.patch(
        where,
        headers={"X-Api-Key": ana.key, **TUS, "Upload-Offset": "0"},
        input_stream=Interrupted(lambda: take(ana.key)),
        content_type="application/offset+octet-stream",
        environ_overrides={"CONTENT_LENGTH": str(len(BYTES))},
    )

    assert code_of(ended, status) == CODES[status]
    assert "nothing more is taken" in ended.get_json()["detail"]
    users.set_role("ana", Role.PUBLISHER, NOON)
    users.enable("ana", NOON)
    assert 0 < int(head(other, where).headers["Upload-Offset"]) < len(BYTES)
