"""Ids, uuids and single looks that do not say what they seem to say."""

import pytest

from tests.sandbox.here import Here, at


def test_a_uuid_may_be_negative_and_stays_so_over_an_edit():
    here = Here({"fault": "negative_uuid"})
    ours = here.created()

    path = f"v2/scheduler/posts/{ours['id']}"
    here.ask("PUT", path, here.story(600))

    assert ours["uuid"].startswith("-73")
    assert [post["uuid"] for post in here.listed()] == [ours["uuid"]]
    [found] = here.listed(filter=f'{{"uuid": "{ours["uuid"]}"}}')
    assert found["id"] == ours["id"] + 1


def test_our_own_post_may_get_the_id_that_its_brand_set_free_last():
    here = Here({"fault": "id_given_again"})
    first = here.created()
    here.delete(first["id"])

    second, third = here.created(), here.created()

    assert second["id"] == first["id"]
    assert second["uuid"] != first["uuid"]
    assert third["id"] > first["id"]
    assert len({first["uuid"], second["uuid"], third["uuid"]}) == 3


def test_no_uuid_is_given_twice_after_a_restart_though_ids_are():
    here = Here({"fault": "id_given_again"})
    first = here.created()
    here.delete(first["id"])
    second = here.created()

    third = here.restarted().created()

    assert third["uuid"] not in (first["uuid"], second["uuid"])


def test_a_post_that_is_there_may_be_404_once():
    here = Here({"fault": "get_404", "skip": 1, "times": 1})
    ours = here.created()

    assert [here.get(ours["id"]) for _ in range(3)] == [ours, None, ours]


def test_a_list_leaves_a_post_out_once():
    here = Here({"fault": "list_lacks_once", "source": "b.mp4"})
    here.created()
    here.created(here.story(media=["https://static.metricool.com/video/202612/1-b.mp4"]))

    assert [len(here.listed()) for _ in range(3)] == [1, 2, 2]


def test_lists_may_have_pages_and_the_deleted_no_date():
    here = Here({"fault": "list_paged", "most": 1}, {"fault": "deleted_undated"})
    ours = [here.created()["id"] for _ in range(4)]
    for post_id in ours[2:]:
        here.delete(post_id)

    assert [post["id"] for post in here.listed()] == ours[:1]
    [element] = here.deleted()
    assert (element["postId"], element["deletionDate"]) == (ours[3], None)


@pytest.mark.parametrize("words", [None, "Request timed out"])
def test_an_error_with_open_words_may_hide_a_story_that_is_live(words):
    here = Here({"fault": "network_error_but_live", "words": words})
    ours = here.created()
    here.advance(125)

    for front in (here, here.restarted()):
        got = front.get(ours["id"])
        assert got is not None
        [provider] = got["providers"]
        said = words or "Code: 500 Internal Server Error"
        assert provider == {"network": "facebook", "status": "ERROR", "detailedStatus": said}
    assert [line["event"] for line in here.ledger()] == ["created", "published", "error"]


def test_the_same_words_without_that_fault_mean_that_nothing_is_live():
    here = Here({"fault": "network_error", "words": "Request timed out"})
    here.created()

    here.advance(3600)

    assert [line["event"] for line in here.ledger()] == ["created", "error"]


def test_the_time_of_a_post_that_was_edited_again_and_again_is_its_last_one():
    here = Here()
    post_id = here.created()["id"]
    for in_s in (900, 300, 600):
        body = here.story(in_s)
        here.ask("PUT", f"v2/scheduler/posts/{post_id}", body)
        post_id += 1

    here.advance(3600)

    [live] = here.ledger("published")
    assert live["plannedFor"] == "2026-12-01T12:10:00.000Z"
    assert here.found(post_id).planned_ms == at(600)
