"""What is asked again: a file that was begun goes on, and what is known is not told twice."""

from __future__ import annotations

import pytest

from tests.web.conftest import Someone
from tests.web.test_files import BYTES, TUS, WHOLE, announce, bring, code_of, head


@pytest.fixture
def where(ana: Someone) -> str:
    """A file that Ana has announced."""
    return str(announce(ana, filename="a.mp4").headers["Location"])


def test_who_announces_again_what_was_begun_goes_on_with_it(ana, bea):
    where = announce(ana, sha256=WHOLE).headers["Location"]
    bring(ana, where, BYTES[:100])

    again, hers = announce(ana, sha256=WHOLE), announce(bea, sha256=WHOLE)
    other = announce(ana, sha256=WHOLE, fit="crop")

    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (where, "100")
    assert hers.headers["Upload-Offset"] == other.headers["Upload-Offset"] == "0"


def test_a_file_that_changed_while_it_was_sent_is_not_taken_for_the_one_that_was_announced(ana):
    where = announce(ana, sha256=WHOLE).headers["Location"]
    bring(ana, where, BYTES[:100])

    refused = bring(ana, where, BYTES[100:].upper(), 100)

    assert code_of(refused, 460) == "checksum_wrong"
    assert "Upload it again" in refused.get_json()["words"]["en"]
    assert head(ana, where).headers["Upload-Offset"] == "0"
    assert bring(ana, where, BYTES).status_code == 204


def test_what_had_arrived_and_is_gone_comes_from_the_beginning_and_is_not_refused_for_ever(
    ana, app
):
    where = announce(ana, sha256=WHOLE).headers["Location"]
    bring(ana, where, BYTES[:100])
    with app.extensions["storyclip"].spool.arriving_of(where.rpartition("/")[2]) as arriving:
        arriving.forget()

    assert code_of(bring(ana, where, BYTES[100:], 100), 410) == "file_gone"
    again = announce(ana, sha256=WHOLE).headers

    assert (again["Location"], again["Upload-Offset"]) == (where, "0")
    assert bring(ana, where, BYTES).status_code == 204


def test_who_asks_again_is_told_only_what_changed(ana, where):
    tag = ana.get(where).headers["ETag"]
    same = ana.get(where, headers={"If-None-Match": tag})
    bring(ana, where, BYTES[:100])
    other = ana.get(where, headers={"If-None-Match": tag})

    assert (same.status_code, other.status_code) == (304, 200)
    assert other.get_json()["received"] == 100


def test_a_phone_that_comes_back_an_hour_later_by_another_line_goes_on(ana, where, clock):
    bring(ana, where, BYTES[:100])

    clock.move(3600)
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    asked = ana.client.head(
        where, headers={"X-Api-Key": ana.key, **TUS}, environ_overrides=elsewhere
    )
    last = bring(ana, where, BYTES[int(asked.headers["Upload-Offset"]) :], 100)

    assert asked.headers["Upload-Offset"] == "100"
    assert last.headers["Upload-Offset"] == str(len(BYTES))
