"""What stock clients of tus 1.0 may say, and be told, besides bringing bytes."""

from __future__ import annotations

from typing import Any

import pytest

from storyclip.web.door.overridden import METHODS
from tests.web.test_files import BYTES, FILES, TUS, announce, code_of, head, said


def test_where_nothing_is_prepared_nothing_is_cut_and_that_is_said(ana):
    answer = announce(ana, prepare="false", cutMarks="20 40")

    assert code_of(answer, 400) == "upload_header_invalid"
    assert "nothing is cut where prepare is false" in answer.get_json()["detail"]


def test_what_a_client_said_of_a_file_it_may_ask_for_again(ana):
    words = said(filename="ñandú.mp4", fit="crop", ours="x")
    headers = TUS | {"Upload-Length": "9", "Upload-Metadata": words}

    told = ana.post(FILES, headers=headers).headers["Location"]

    assert head(ana, told).headers["Upload-Metadata"] == words
    silent = ana.post(FILES, headers=TUS | {"Upload-Length": "9"}).headers["Location"]
    assert "Upload-Metadata" not in head(ana, silent).headers


def test_a_client_that_can_only_post_names_the_method_it_means(ana):
    where = announce(ana).headers["Location"]

    def meaning(method: str, data: bytes = b"", **more: str) -> Any:
        headers = {"X-Api-Key": ana.key, **TUS, "X-HTTP-Method-Override": method, **more}
        kind = "application/offset+octet-stream"
        return ana.client.post(where, headers=headers, data=data, content_type=kind)

    brought = meaning("PATCH", BYTES[:100], **{"Upload-Offset": "0"})

    assert (brought.status_code, brought.headers["Upload-Offset"]) == (204, "100")
    assert meaning("HEAD").headers["Upload-Offset"] == "100"
    assert meaning("PUT").status_code == 405
    assert meaning("DELETE").status_code == 204
    assert head(ana, where).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/metricool/batches", "/api/metricool/files", "/openapi.json"]
)
def test_a_post_that_is_about_no_file_means_nothing_else(ana, path):
    headers = {"X-Api-Key": ana.key, **TUS, "X-HTTP-Method-Override": "HEAD"}

    assert ana.client.post(path, headers=headers).status_code in (400, 405)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("knows", ["the file", "no file", "no key"])
def test_who_sends_a_post_is_sent_as_many_bytes_as_its_answer_says(ana, method, knows):
    where = announce(ana).headers["Location"] if knows == "the file" else f"{FILES}/none"
    key = {} if knows == "no key" else {"X-Api-Key": ana.key}

    answer = ana.client.post(where, headers={**key, **TUS, "X-HTTP-Method-Override": method})

    assert int(answer.headers.get("Content-Length", "0")) == len(answer.data)
