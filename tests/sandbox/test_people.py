"""What people do in the planner: with our posts, with their own, and with our posts' old ids."""

import pytest

from storyclip.sandbox import people
from storyclip.sandbox.process import ControlRefused
from storyclip.sandbox.refusals import Refused
from tests.sandbox.conftest import ACCOUNT, SOURCE, Metricool
from tests.sandbox.here import MEDIA, NOON, Here, at

OTHER = "https://static.metricool.com/planner/202612/9-file-9.mp4"


@pytest.mark.parametrize("planned_s", [None, 900, 5 * 86_400])
def test_an_edit_gives_a_new_id_to_the_same_uuid_on_any_date(planned_s):
    here = Here()
    ours = here.created()

    edited = people.edit(
        here.sandbox, ours["id"], planned_ms=None if planned_s is None else at(planned_s)
    )

    assert here.get(ours["id"]) is None
    now = here.get(edited.id)
    assert now is not None
    assert (now["uuid"], now["media"]) == (ours["uuid"], ours["media"])
    assert here.deleted() == []
    created = here.ledger("created")[-1]
    assert (created["by"], created["madeBy"]) == ("person", "api")
    here.advance(6 * 86_400)
    [live] = here.ledger("published")
    assert (live["postId"], live["by"], live["madeBy"]) == (edited.id, None, "api")


def test_an_edit_may_change_any_field():
    here = Here()
    ours = here.created()

    people.edit(here.sandbox, ours["id"], fields={"draft": True})
    here.advance(3600)

    assert here.ledger("published") == []


def test_what_is_out_cannot_be_edited():
    here = Here()
    ours = here.created()
    here.advance(120)

    with pytest.raises(Refused, match="out already"):
        people.edit(here.sandbox, ours["id"], planned_ms=at(900))


def test_a_moved_post_keeps_its_id():
    here = Here()
    ours = here.created()

    people.move(here.sandbox, ours["id"], at(3 * 86_400))
    here.advance(3600)

    now = here.get(ours["id"])
    assert now is not None
    assert now["publicationDate"]["dateTime"] == "2026-12-04T12:00:00"
    [changed] = here.ledger("changed")
    assert (changed["by"], changed["postId"]) == ("person", ours["id"])
    assert here.ledger("published") == []


def test_a_post_that_a_person_deletes_and_restores_goes_out_and_is_known_as_restored():
    here = Here()
    ours = here.created()
    here.delete(ours["id"])

    people.restore(here.sandbox, ACCOUNT, ours["id"])
    here.advance(200)

    [live] = here.ledger("published")
    assert (live["uuid"], live["restoredBy"]) == (ours["uuid"], "person")
    assert here.ledger("deleted")[0]["by"] == "api"


def test_a_persons_deletion_is_told_from_ours():
    here = Here()
    ours = here.created()

    people.delete(here.sandbox, ours["id"])

    assert [line["by"] for line in here.ledger("deleted")] == ["person"]
    assert [element["postUuid"] for element in here.deleted()] == [ours["uuid"]]


def test_a_copy_has_an_id_and_uuid_of_its_own_and_the_same_media():
    here = Here()
    media = here.normalize()
    ours = here.created(here.story(media=[media]))

    copied = people.copy(here.sandbox, ours["id"], planned_ms=at(600))
    here.advance(3600)

    assert copied.id != ours["id"]
    assert copied.uuid != ours["uuid"]
    mine, theirs = here.ledger("published")
    assert (mine["madeBy"], theirs["madeBy"]) == ("api", "person")
    assert mine["media"] == theirs["media"] == media
    assert mine["source"] == theirs["source"] == SOURCE


def test_a_person_may_publish_what_they_like_at_our_minute():
    here = Here()
    ours = here.created()

    own = people.make(here.sandbox, ACCOUNT, "facebook", at(120))
    same = people.make(here.sandbox, ACCOUNT, "facebook", at(120), media=[MEDIA])
    here.advance(200)

    by_post = {line["postId"]: line for line in here.ledger("published")}
    assert set(by_post) == {ours["id"], own.id, same.id}
    assert by_post[own.id]["media"] != MEDIA
    assert by_post[same.id]["media"] == MEDIA
    assert by_post[same.id]["madeBy"] == "person"


def test_a_draft_just_begun_has_no_media_and_no_providers():
    here = Here()

    people.begin_draft(here.sandbox, ACCOUNT, at(600))

    [draft] = here.listed()
    assert "media" not in draft
    assert (draft["text"], draft["providers"], draft["draft"]) == ("", None, True)
    here.advance(3600)
    assert here.ledger("published") == []


def test_a_draft_just_begun_can_be_deleted_and_restored():
    here = Here()
    draft = people.begin_draft(here.sandbox, ACCOUNT, at(600))

    people.delete(here.sandbox, draft.id)

    assert [(one["networks"], one["media"]) for one in here.deleted()] == [(None, [])]
    people.restore(here.sandbox, ACCOUNT, draft.id)
    assert len(here.listed()) == 1


def test_a_post_may_have_null_for_media():
    here = Here()

    people.make(here.sandbox, ACCOUNT, "facebook", at(600), fields={"media": None, "draft": True})

    assert [post["media"] for post in here.listed()] == [None]


@pytest.mark.parametrize("freed_by", ["edit", "delete", "vanish"])
def test_a_freed_id_may_lead_to_another_post_which_get_and_delete_then_mean(freed_by):
    here = Here()
    ours = here.created()
    getattr(people, freed_by)(here.sandbox, ours["id"])

    theirs = people.make(
        here.sandbox, ACCOUNT, "facebook", at(600), media=[OTHER], post_id=ours["id"]
    )

    now = here.get(ours["id"])
    assert now is not None
    assert (now["uuid"], now["media"]) == (theirs.uuid, [OTHER])
    assert theirs.uuid != ours["uuid"]
    assert here.delete(ours["id"]).status == 200
    assert here.ledger("deleted")[-1]["uuid"] == theirs.uuid
    assert theirs.uuid in {element["postUuid"] for element in here.deleted()}


def test_only_an_id_that_the_brand_has_set_free_is_given_again():
    here = Here()
    ours = here.created()

    for post_id in (ours["id"], ours["id"] + 7):
        with pytest.raises(ValueError, match="set free"):
            people.make(here.sandbox, ACCOUNT, "facebook", at(600), post_id=post_id)


def test_a_post_whose_id_is_taken_is_restored_under_a_new_one():
    here = Here()
    ours = here.created()
    here.delete(ours["id"])
    theirs = people.make(here.sandbox, ACCOUNT, "facebook", at(600), post_id=ours["id"])

    restored = people.restore(here.sandbox, ACCOUNT, ours["id"])

    assert restored.uuid == ours["uuid"]
    assert restored.id not in (ours["id"], theirs.id)
    assert here.deleted() == []
    assert {post["uuid"] for post in here.listed()} == {ours["uuid"], theirs.uuid}


def test_a_post_may_vanish_without_a_trace_but_in_the_ledger():
    here = Here()
    ours = here.created()

    people.vanish(here.sandbox, ours["id"])
    here.advance(600)

    assert here.listed() == here.deleted() == here.ledger("published") == []
    assert [line["by"] for line in here.ledger("vanished")] == ["person"]


def test_a_list_may_be_two_thousand_posts_long():
    here = Here()

    people.fill(here.sandbox, ACCOUNT, "instagram", 2_000, at(60))

    assert len(here.listed()) == 2_000


def test_faults_are_for_our_posts_edited_or_not_and_never_for_a_persons_own():
    here = Here({"fault": "never_publishes"}, {"fault": "list_lags", "seconds": 60})
    ours = here.created()
    edited = people.edit(here.sandbox, ours["id"])
    own = people.make(here.sandbox, ACCOUNT, "facebook", at(120))

    assert [post["id"] for post in here.listed()] == [own.id]
    here.advance(600)
    assert [line["postId"] for line in here.ledger("published")] == [own.id]
    assert {post["id"] for post in here.listed()} == {own.id, edited.id}


def test_those_that_can_still_be_edited_are_told_by_date():
    here = Here()
    here.created(here.story(60))
    late, soon = here.created(here.story(900)), here.created(here.story(600))
    here.advance(60)

    assert [post.id for post in people.waiting(here.sandbox, ACCOUNT)] == [soon["id"], late["id"]]


def test_a_restart_knows_what_people_did():
    here = Here()
    edited = people.edit(here.sandbox, here.created()["id"], planned_ms=at(900))
    people.begin_draft(here.sandbox, ACCOUNT, at(600))
    gone = here.created(here.story(300))
    here.delete(gone["id"])
    theirs = people.make(here.sandbox, ACCOUNT, "facebook", at(660), post_id=gone["id"])
    people.restore(here.sandbox, ACCOUNT, gone["id"])
    people.vanish(here.sandbox, here.created()["id"])
    freed = here.created()["id"]
    here.delete(freed)

    again = here.restarted()

    assert again.listed() == here.listed()
    assert again.deleted() == here.deleted()
    assert again.get(gone["id"]) == here.get(gone["id"])
    assert people.make(again.sandbox, ACCOUNT, "facebook", at(720), post_id=freed).id == freed
    assert again.created()["id"] == here.sandbox.world.known.last_number + 2
    again.advance(3600)
    lives = {line["uuid"]: line for line in again.ledger("published")}
    assert lives[gone["uuid"]]["restoredBy"] == "person"
    assert lives[edited.uuid]["madeBy"] == "api"
    assert lives[theirs.uuid]["madeBy"] == "person"


def test_what_was_deleted_with_an_id_given_again_stays_deleted_over_a_restart():
    here = Here()
    ours = here.created()
    here.delete(ours["id"])
    theirs = people.make(here.sandbox, ACCOUNT, "facebook", at(120), post_id=ours["id"])
    here.advance(200)

    again = here.restarted()

    assert [element["postUuid"] for element in again.deleted()] == [ours["uuid"]]
    now = again.get(ours["id"])
    assert now is not None
    assert (now["uuid"], now["providers"][0]["status"]) == (theirs.uuid, "PUBLISHED")


def test_every_act_can_be_done_over_http_and_is_known_after_a_kill(start, client_of):
    metricool: Metricool = client_of(start(clock=NOON))
    person = metricool.sandbox.person
    ours = metricool.created(metricool.story(in_s=300))
    edited = person("edit", postId=ours["id"], date=metricool.iso(600))
    person("move", postId=edited["id"], date=metricool.iso(900))
    copied = person("copy", postId=edited["id"])
    person("delete", postId=copied["id"])
    person("restore", account=ACCOUNT, postId=copied["id"])
    own = {"account": ACCOUNT, "network": "facebook", "date": metricool.iso(660)}
    made = person("make", **own, postId=ours["id"], media=[OTHER])
    person("begin_draft", account=ACCOUNT, date=metricool.iso(720))
    assert len(person("fill", **own, count=3)) == 3
    person("vanish", postId=metricool.created()["id"])
    listed = metricool.listed()

    metricool.sandbox.kill()
    metricool.sandbox.restart()

    assert metricool.listed() == listed
    assert {post["id"] for post in listed} >= {edited["id"], copied["id"], made["id"]}
    assert made["id"] == ours["id"]


@pytest.mark.parametrize(
    ("act", "what", "words"),
    [
        ("dance", {}, "people do not 'dance'"),
        ("edit", {}, "edit needs postId"),
        ("edit", {"postId": 5}, "Post 5 not found"),
        ("begin_draft", {"account": ACCOUNT, "date": "tomorrow"}, "tomorrow"),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(metricool: Metricool, act, what, words):
    with pytest.raises(ControlRefused, match=words):
        metricool.sandbox.person(act, **what)
