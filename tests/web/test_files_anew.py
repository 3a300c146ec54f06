"""A file is made anew with other wishes, of the bytes that are there."""

from __future__ import annotations

from storyclip.flow import disk_room
from storyclip.spool.local import Spool
from tests.web.test_files import BYTES, WHOLE, announce, bring, code_of, forget


def test_the_same_bytes_with_another_wish_are_another_file_and_need_not_come_again(
    ana, bea, monkeypatch
):
    where = announce(ana).headers["Location"]
    bring(ana, where, BYTES)
    monkeypatch.setattr(Spool, "free_bytes", lambda _: disk_room.DISK_KEPT_BYTES)  # nor room

    again = announce(ana, sha256=ana.get(where).get_json()["sha256"], fit="crop", cutMarks="3 6.5")

    assert again.headers["Location"] != where
    assert again.headers["Upload-Offset"] == str(len(BYTES))
    shown = ana.get(again.headers["Location"]).get_json()
    assert (shown["state"], shown["received"]) == ("checking", len(BYTES))
    wished = {"fit": "crop", "prepare": True, "stillAsVideo": False, "cutMarks": [3.0, 6.5]}
    assert shown["options"] == wished
    assert forget(ana, where).status_code == 204
    assert code_of(announce(bea, sha256=WHOLE, fit="crop"), 507) == "spool_full"
