"""Media that are shown under other URLs than were sent, and what the ledger says of them."""

import re

import pytest

from storyclip.sandbox import people
from tests.sandbox.conftest import ACCOUNT, SOURCE
from tests.sandbox.here import MEDIA, Here, at


def test_rehosted_media_are_shown_by_every_answer_and_the_ledger_keeps_what_was_sent():
    here = Here({"fault": "media_rehosted"})
    sent = here.normalize()

    ours = here.created(here.story(media=[sent]))

    [shown] = ours["media"]
    form = rf"https://static\.metricool\.com/planner/202612/{ACCOUNT}-file-\d+\.mp4"
    assert re.fullmatch(form, shown)
    got = here.get(ours["id"])
    assert got is not None
    assert got["media"] == here.listed()[0]["media"] == [shown]
    here.advance(200)
    for line in here.ledger("created") + here.ledger("published"):
        assert (line["media"], line["source"]) == (sent, SOURCE)
    here.delete(ours["id"])
    assert [element["media"][0]["url"] for element in here.deleted()] == [shown]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("act", [people.edit, people.copy])
def test_the_ledger_knows_a_rehosted_clip_through_edits_copies_and_restarts(act, restarted):
    here = Here({"fault": "media_rehosted", "times": 1})
    sent = here.normalize()
    ours = here.created(here.story(media=[sent]))
    here = here.restarted() if restarted else here

    changed = act(here.sandbox, ours["id"], planned_ms=at(600))

    assert changed.shown_media == ours["media"] != [sent]
    line = here.ledger("created")[-1]
    assert (line["media"], line["source"]) == (sent, SOURCE)


def test_several_media_are_rehosted_to_urls_of_their_own():
    here = Here({"fault": "media_rehosted"})

    media = here.created(here.story(media=[MEDIA, f"{MEDIA}?b"]))["media"]

    assert len(set(media)) == 2


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (None, MEDIA.replace("static.", "media.")),
        ("cdn.example.com", MEDIA.replace("static.metricool.com", "cdn.example.com")),
        ("?v=2", f"{MEDIA}?v=2"),
    ],
)
def test_lists_alone_may_show_media_elsewhere_also_after_a_restart(words, listed):
    here = Here({"fault": "media_other_in_lists", "words": words})
    ours = here.created()

    for front in (here, here.restarted()):
        got = front.get(ours["id"])
        assert got is not None
        assert got["media"] == ours["media"] == [MEDIA]
        assert front.listed()[0]["media"] == [listed]
    assert here.ledger("created")[0]["media"] == MEDIA


def test_normalize_may_give_the_same_copy_again_also_after_a_restart():
    here = Here()
    first = here.normalize()

    again = here.restarted({"fault": "normalize_same"})

    assert here.normalize() != first
    assert again.normalize() == first
    assert again.normalize("https://cdn.example.com/clips/2.mp4") != first
    assert [line["media"] for line in again.ledger("normalized")].count(first) == 2


def test_an_echo_is_no_copy_to_give_again():
    here = Here({"fault": "normalize_echo", "times": 1}, {"fault": "normalize_same"})

    assert here.normalize() == SOURCE
    assert here.normalize() == here.normalize() != SOURCE
