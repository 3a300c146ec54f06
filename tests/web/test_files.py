"""Files come in by tus 1.0: in pieces, each once, of their user alone, within limits."""

from __future__ import annotations

import base64
import errno
import hashlib
from contextlib import ExitStack
from typing import Any

import pytest

from storyclip.domain.file_errors import TooManyFiles
from storyclip.domain.user_file import FileState
from storyclip.flow import disk_room, take_in
from storyclip.spool.arriving import Arriving
from storyclip.spool.local import Spool
from storyclip.store.database import run, writing
from storyclip.store.files import files
from storyclip.web.door.uploads import Uploads
from tests.people import key_for
from tests.web.conftest import NOON, Someone, good

FILES = "/api/metricool/files"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = b"the bytes of a film, as it were" * 10
WHOLE = hashlib.sha256(BYTES).hexdigest()


def said(**words: str) -> str:
    pairs = ((key, base64.b64encode(value.encode()).decode()) for key, value in words.items())
    return ",".join(f"{key} {value}" for key, value in pairs)


def announce(who: Someone, size: int = len(BYTES), **words: str) -> Any:
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": said(**words)}
    return who.post(FILES, headers=headers)


def bring(
    who: Someone, where: str, data: bytes, offset: int = 0, more: dict[str, str] | None = None
) -> Any:
    headers = {"X-Api-Key": who.key, **TUS, "Upload-Offset": str(offset)} | (more or {})
    kind = "application/offset+octet-stream"
    return who.client.patch(where, headers=headers, data=data, content_type=kind)


def head(who: Someone, where: str) -> Any:
    return who.client.head(where, headers={"X-Api-Key": who.key, **TUS})


def forget(who: Someone, where: str) -> Any:
    return who.client.delete(where, headers={"X-Api-Key": who.key, **TUS})


def code_of(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.get_json()["code"])


@pytest.fixture
def spool(app) -> Spool:
    spool: Spool = app.extensions["storyclip"].spool
    return spool


@pytest.fixture
def where(ana: Someone) -> str:
    """A file that Ana has announced."""
    return str(announce(ana, filename="a.mp4").headers["Location"])


def test_a_file_is_taken_in_piece_by_piece_and_named_by_what_it_holds(ana, where, spool):
    first = bring(ana, where, BYTES[:100])
    between = head(ana, where)
    last = bring(ana, where, BYTES[100:], 100)

    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "100")
    assert (between.headers["Upload-Offset"], between.headers["Upload-Length"]) == ("100", "310")
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "310")
    assert spool.path(WHOLE).read_bytes() == BYTES
    shown = ana.get(where).get_json()
    assert (shown["state"], shown["received"], shown["name"]) == ("checking", 310, "a.mp4")


def test_what_a_client_asks_before_it_sends_is_answered_without_a_key(anyone):
    answer = anyone.options(FILES)

    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,checksum"
    assert int(answer.headers["Tus-Max-Size"]) == 4_000_000_000
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_page_of_an_allowed_origin_may_bring_files(anyone, elsewhere, where):
    answer = anyone.options(where, headers={"Origin": elsewhere})

    allowed = set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"PATCH", "HEAD", "DELETE"} <= allowed
    assert "Upload-Offset" in answer.headers["Access-Control-Allow-Headers"]
    assert "Upload-Offset" in answer.headers["Access-Control-Expose-Headers"]


def test_bytes_that_do_not_come_next_are_refused_and_the_place_is_said(ana, where):
    bring(ana, where, BYTES[:100])

    again = bring(ana, where, BYTES[:100])

    assert code_of(again, 409) == "offset_wrong"
    assert "100" in again.get_json()["detail"]


def test_a_file_that_is_whole_is_not_said_to_wait_for_more(ana, where):
    bring(ana, where, BYTES)

    words = bring(ana, where, BYTES).get_json()["words"]

    assert words["en"].startswith("The upload did not go on where it was: 310 bytes are there")
    assert "rest" not in words["en"]
    assert "resto" not in words["es"]


def test_what_is_refused_is_refused_by_the_protocol(ana, where):
    bring(ana, where, BYTES)

    refused = [
        bring(ana, where, BYTES),
        announce(ana, size=10**12),
        head(ana, f"{FILES}/there-is-no-such-file"),
        ana.client.head(where, headers={"X-Api-Key": ana.key}),
        ana.client.head(where, headers=TUS),
    ]

    assert [answer.status_code for answer in refused] == [409, 413, 404, 412, 401]
    assert {answer.headers.get("Tus-Resumable") for answer in refused} == {"1.0.0"}


def test_what_was_sent_otherwise_than_its_checksum_says_is_not_kept(ana, where):
    wrong = base64.b64encode(hashlib.sha256(b"else").digest()).decode()
    right = base64.b64encode(hashlib.sha1(BYTES, usedforsecurity=False).digest()).decode()

    refused = bring(ana, where, BYTES, 0, {"Upload-Checksum": f"sha256 {wrong}"})
    assert code_of(refused, 460) == "checksum_wrong"
    assert head(ana, where).headers["Upload-Offset"] == "0"

    taken = bring(ana, where, BYTES, 0, {"Upload-Checksum": f"sha1 {right}"})
    assert taken.headers["Upload-Offset"] == "310"


def test_a_line_that_breaks_leaves_what_came_before(ana, where):
    cut = ana.client.patch(
        where,
        headers={"X-Api-Key": ana.key, **TUS, "Upload-Offset": "0"},
        data=BYTES[:100],
        content_type="application/offset+octet-stream",
        environ_overrides={"CONTENT_LENGTH": "310"},
    )

    assert cut.status_code == 400
    assert head(ana, where).headers["Upload-Offset"] == "100"


def test_more_than_was_announced_is_not_taken(ana, where):
    assert code_of(bring(ana, where, BYTES + b"!"), 413) == "file_full"
    assert head(ana, where).headers["Upload-Offset"] == "0"


def test_what_is_too_big_is_refused_before_a_byte_of_it_comes(ana):
    answer = announce(ana, 10_000_000_000)

    assert code_of(answer, 413) == "file_too_big"
    assert (answer.get_json()["asked"], answer.get_json()["limit"]) == (10**10, 4 * 10**9)


def test_what_the_spool_has_no_room_for_is_refused(ana, spool, monkeypatch):
    monkeypatch.setattr(spool.__class__, "used_bytes", lambda _: 50_000_000_000 - 300)

    answer = announce(ana)

    assert code_of(answer, 507) == "spool_full"
    assert answer.get_json()["left"] == 300


def test_what_the_disk_has_no_room_for_is_refused(ana, monkeypatch):
    monkeypatch.setattr(Spool, "free_bytes", lambda _: disk_room.DISK_KEPT_BYTES + 400)
    announce(ana)

    assert code_of(announce(ana), 507) == "spool_full"  # the first is still to come


def test_a_disk_that_is_full_in_the_middle_is_said_and_what_was_noted_stays(
    ana, where, monkeypatch
):
    bring(ana, where, BYTES[:100])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Arriving, "sync", full)
        assert code_of(bring(ana, where, BYTES[100:], 100), 507) == "spool_full"

    assert head(ana, where).headers["Upload-Offset"] == "100"
    assert bring(ana, where, BYTES[100:], 100).status_code == 204


def test_a_disk_that_is_gone_is_said_and_is_no_error_of_the_server(ana, where, spool, tmp_path):
    spool._folder.rename(tmp_path / "elsewhere")

    assert code_of(announce(ana), 503) == "spool_gone"
    assert code_of(bring(ana, where, BYTES), 503) == "spool_gone"


def test_only_so_many_files_of_a_user_arrive_at_once(app, ana, where):
    uploads = Uploads(of_one=1)
    with uploads.one_more("ana"), pytest.raises(TooManyFiles), uploads.one_more("ana"):
        pass
    with uploads.one_more("ana"), uploads.one_more("bea"):
        pass
    door = app.extensions["storyclip.door"]
    with ExitStack() as under_way:
        for _ in range(8):
            under_way.enter_context(door.uploads.one_more("ana"))
        refused = bring(ana, where, BYTES)

    assert code_of(refused, 429) == "too_many_files"
    assert refused.headers["Retry-After"] == "5"


def test_only_so_many_files_of_a_user_are_begun(ana, monkeypatch):
    monkeypatch.setattr(take_in, "MOST_ARRIVING", 2)
    announce(ana)
    announce(ana)

    assert code_of(announce(ana), 429) == "too_many_files"


def test_two_requests_do_not_bring_bytes_of_one_file_at_once(ana, where, spool):
    with spool.arriving_of(where.rpartition("/")[2]):
        assert code_of(bring(ana, where, BYTES), 423) == "file_in_hand"

    assert bring(ana, where, BYTES).status_code == 204


def test_the_same_bytes_again_are_ready_at_once(ana, where, clock):
    bring(ana, where, BYTES)
    ready(where)

    known = announce(ana, sha256=WHOLE)
    again = str(announce(ana).headers["Location"])
    bring(ana, again, BYTES)

    assert known.headers["Location"] == where
    assert known.headers["Upload-Offset"] == str(len(BYTES))
    assert again != where
    shown = ana.get(again).get_json()
    assert shown["state"] == "ready"
    assert len(shown["pieces"]) == 1


def test_the_same_bytes_of_another_user_are_another_file(ana, bea, where):
    bring(ana, where, BYTES)
    ready(where)

    assert announce(bea, sha256=WHOLE).headers["Upload-Offset"] == "0"


def test_a_file_of_another_user_does_not_exist(bea, where):
    answers = [head(bea, where), bring(bea, where, BYTES), forget(bea, where), bea.get(where)]
    answers += [bea.get(f"{where}/poster"), bea.get(f"{where}/strip")]

    assert {answer.status_code for answer in answers} == {404}


def test_who_may_only_read_sends_nothing(app, anyone):
    reader = Someone(anyone, key_for("ana", {"read"}, at=NOON))

    assert code_of(announce(reader), 403) == "scope_missing"


@pytest.mark.parametrize("name", ["../../etc/passwd", "🎬" * 400, "a\x00b\n.mp4", ""])
def test_a_name_is_text_and_never_a_path(ana, spool, name):
    where = str(announce(ana, filename=name).headers["Location"])
    bring(ana, where, BYTES)

    shown = ana.get(where).get_json()["name"]
    assert 0 < len(shown) <= 255
    assert shown.isprintable()
    assert spool.path(WHOLE).exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "1"}, 412),
        ({**TUS, "Upload-Length": "-1"}, 400),
        ({**TUS}, 400),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": "filename ???"}, 400),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": said(fit="wide")}, 400),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": said(prepare="maybe")}, 400),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": said(cutMarks="1;2")}, 400),
        ({**TUS, "Upload-Length": "1", "Upload-Metadata": said(sha256="zz")}, 400),
    ],
)
def test_an_announcement_that_is_not_valid_is_refused_in_words(ana, headers, status):
    refused = ana.post(FILES, headers=headers)

    assert refused.status_code == status
    assert refused.get_json()["detail"]


def test_a_body_that_is_no_stream_of_bytes_is_refused(ana, where):
    asked = {"X-Api-Key": ana.key, **TUS, "Upload-Offset": "0"}

    assert ana.client.patch(where, headers=asked, json={}).status_code == 415


def test_an_empty_file_is_looked_into_without_any_bytes(ana):
    where = str(announce(ana, 0).headers["Location"])

    assert ana.get(where).get_json()["state"] == "checking"


def test_who_forgets_a_file_has_it_no_more(ana, where):
    assert forget(ana, where).status_code == 204
    assert head(ana, where).status_code == 404


def test_a_file_that_a_batch_needs_stays(ana, where):
    bring(ana, where, BYTES)
    ready(where)
    file_id = where.rpartition("/")[2]
    batch = ana.publish(good(posts=[{"file": file_id}])).get_json()

    assert code_of(forget(ana, where), 409) == "file_in_use"

    ana.post(f"/api/metricool/cancel?batchId={batch['batchId']}")
    assert forget(ana, where).status_code == 204


def test_a_batch_of_a_file_that_is_not_ready_or_anothers_is_refused(ana, bea, where):
    file_id = where.rpartition("/")[2]
    bodies = good(posts=[{"file": file_id}])

    assert ana.publish(bodies).get_json()["errors"][0]["pointer"] == "/posts/0/file"
    bring(ana, where, BYTES)
    ready(where)
    assert bea.publish(bodies).status_code == 422
    assert ana.publish(bodies).get_json()["posts"]["total"] == 1


def test_what_is_wrong_with_a_file_is_said_in_both_languages(ana, where):
    bring(ana, where, BYTES)
    facts = '{"length_s": 1, "least_s": 3}'
    ready(where, problems=f'[{{"code": "too_short", "weight": "blocks", "facts": {facts}}}]')

    (problem,) = ana.get(where).get_json()["problems"]

    assert problem["words"]["es"] != problem["words"]["en"]
    assert "{" not in problem["words"]["es"] + problem["words"]["en"]


def test_a_poster_is_shown_to_whose_file_it_is(ana, where, spool):
    made = spool.making("a.jpg")
    made.write_bytes(b"jpeg")
    bring(ana, where, BYTES)
    ready(where, poster=f'"{spool.keep(made)}"'.strip('"'))

    shown = ana.get(f"{where}/poster")

    assert (shown.data, shown.mimetype) == (b"jpeg", "image/jpeg")
    assert ana.get(f"{where}/strip").status_code == 404


def ready(where: str, **columns: str) -> None:
    """Have a file be ready with one piece, as the media process would."""
    file_id = where.rpartition("/")[2]
    names = "".join(f", {name} = ?" for name in columns)
    with writing():
        run(
            f"UPDATE files SET state = ?, next_at = NULL{names} WHERE id = ?",
            (FileState.READY.value, *columns.values(), file_id),
        )
        run(
            "INSERT INTO file_pieces (file_id, number, name, sha256, length_s, measured)"
            " VALUES (?, 1, ?, ?, 3.0, ?)",
            (
                file_id,
                WHOLE,
                WHOLE,
                '{"content_type": "video/mp4", "extension": "mp4",'
                ' "parts": [{"number": 1, "start": 0, "end": 310, "sha256": "x"}]}',
            ),
        )
    assert files.find(file_id).state is FileState.READY
