"""PUT, PATCH, DELETE and restore: what becomes of the id, the uuid and the publication."""

import pytest

from tests.sandbox.conftest import Metricool


def test_put_gives_a_new_id_and_keeps_the_uuid(metricool: Metricool):
    old = metricool.created()

    path = f"v2/scheduler/posts/{old['id']}"
    new = metricool.call("PUT", path, metricool.story(in_s=240)).json()["data"]

    assert new["id"] > old["id"]
    assert new["uuid"] == old["uuid"]
    assert metricool.get(old["id"]).status_code == 404
    assert metricool.listed() == [new]
    assert _deleted(metricool)["elements"] == []


def test_only_the_new_version_of_a_replaced_post_is_published(metricool: Metricool):
    old = metricool.created()
    path = f"v2/scheduler/posts/{old['id']}"
    new = metricool.call("PUT", path, metricool.story(in_s=240)).json()["data"]

    metricool.sandbox.advance(600)

    assert [line["postId"] for line in metricool.ledger("published")] == [new["id"]]


def test_put_needs_a_whole_body(metricool: Metricool):
    post = metricool.created()

    answer = metricool.call("PUT", f"v2/scheduler/posts/{post['id']}", {"draft": True})

    assert answer.status_code == 400
    assert set(answer.json()["detail"]) == {"body.publicationDate", "body.text", "body.providers"}


def test_patch_moves_the_date_and_keeps_the_id(metricool: Metricool):
    post = metricool.created(metricool.story(in_s=120))
    date = {"publicationDate": {"dateTime": metricool.wall(600), "timezone": "UTC"}}

    path = f"v2/scheduler/posts/{post['id']}"
    answer = metricool.call("PATCH", path, date, fields="publicationDate")

    assert answer.json() == {"data": True}
    metricool.sandbox.advance(300)
    assert metricool.status(post["id"]) == "PENDING"
    metricool.sandbox.advance(305)
    assert metricool.status(post["id"]) == "PUBLISHED"
    assert [line["time"] for line in metricool.ledger("published")] == [metricool.iso(605)]


@pytest.mark.parametrize(("fields", "in_s"), [("text", 600), ("publicationDate", -60)])
def test_patch_of_something_else_or_into_the_past_is_refused(metricool: Metricool, fields, in_s):
    post = metricool.created()
    date = {"publicationDate": {"dateTime": metricool.wall(in_s), "timezone": "UTC"}}

    answer = metricool.call("PATCH", f"v2/scheduler/posts/{post['id']}", date, fields=fields)

    assert answer.status_code == 400


def test_a_deleted_post_is_404_and_never_published_and_among_the_deleted(metricool: Metricool):
    post = metricool.created()

    answer = metricool.call("DELETE", f"v2/scheduler/posts/{post['id']}")

    assert answer.json() == {"data": True}
    assert metricool.get(post["id"]).status_code == 404
    assert metricool.call("DELETE", f"v2/scheduler/posts/{post['id']}").status_code == 404
    assert metricool.listed() == []
    metricool.sandbox.advance(600)
    assert metricool.ledger("published") == []
    deleted = _deleted(metricool)
    assert deleted["totalElements"] == 1
    [element] = deleted["elements"]
    assert (element["postId"], element["postUuid"]) == (post["id"], post["uuid"])
    assert element["media"] == [{"url": post["media"][0], "altText": None}]
    assert element["deletionDate"] == {"dateTime": metricool.wall(0), "timezone": "UTC"}


def test_the_deleted_come_in_pages_newest_first(metricool: Metricool):
    ids = [metricool.created()["id"] for _ in range(12)]
    for post_id in ids:
        metricool.sandbox.advance(1)
        metricool.call("DELETE", f"v2/scheduler/posts/{post_id}")

    second = _deleted(metricool, page=1, pageSize=10)

    assert [element["postId"] for element in second["elements"]] == [ids[1], ids[0]]
    assert (second["pageNumber"], second["totalElements"]) == (1, 12)


@pytest.mark.parametrize("query", [{"pageSize": 5}, {"page": "x"}])
def test_a_wrong_page_is_refused(metricool: Metricool, query):
    assert metricool.call("GET", "v2/scheduler/posts/deleted", **query).status_code == 400


def test_a_restored_post_is_published_after_all(metricool: Metricool):
    post = metricool.created()
    metricool.call("DELETE", f"v2/scheduler/posts/{post['id']}")

    answer = metricool.call("PUT", f"v2/scheduler/posts/deleted/{post['id']}")

    assert answer.json() == {"data": True}
    metricool.sandbox.advance(125)
    assert metricool.status(post["id"]) == "PUBLISHED"
    assert _deleted(metricool)["elements"] == []


def test_what_was_never_deleted_cannot_be_restored(metricool: Metricool):
    post = metricool.created()

    answer = metricool.call("PUT", f"v2/scheduler/posts/deleted/{post['id']}")

    assert answer.status_code == 404


def _deleted(metricool: Metricool, **query):
    query = {"timezone": "UTC"} | query
    return metricool.call("GET", "v2/scheduler/posts/deleted", **query).json()["data"]
