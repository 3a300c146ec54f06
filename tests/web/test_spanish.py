"""Whoever asks in Spanish is told in Spanish what is wrong; programs see the same codes."""

from __future__ import annotations

import re

import pytest

from storyclip.domain import file_errors, moves
from storyclip.domain.clip_file import ClipFile, objection_to_size, objections_to
from storyclip.domain.clip_words import say
from storyclip.domain.dates.instants import parse_instant
from storyclip.domain.errors import ErrorCode, RequestInvalid
from storyclip.domain.refusal_facts import Reason
from storyclip.store.publishing import clips, writer
from storyclip.web.said import file_kinds, problem_kinds, spanish
from storyclip.web.said.problem_kinds import Kind
from storyclip.web.said.shapes import ProblemFacts
from tests.web.conftest import NOON, PUBLISH, good

ES = {"Accept-Language": "es-ES,es;q=0.9,en;q=0.8"}
KINDS = [
    kind
    for room in (problem_kinds, file_kinds)
    for kind in (*vars(room).values(), *room.__dict__.get("KINDS", {}).values())
    if isinstance(kind, Kind)
] + list(file_kinds.FILE_KINDS.values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.code}: {kind.title}")
def test_every_sort_of_problem_is_told_in_spanish(kind):
    title, detail = spanish.problem((kind.code, kind.detail, kind.title), {}) or ("", "")

    assert title.strip()
    assert detail.strip()
    assert title != kind.title


def test_the_catalogue_knows_nothing_that_nobody_says():
    said = {one for kind in KINDS for one in (kind.code, kind.detail, kind.title)}
    said |= set(Reason)
    http = {"Bad Request", "Not Found", "Method Not Allowed", "Request Entity Too Large"}
    http |= {"Unsupported Media Type"}

    assert set(spanish.catalogue()["problems"]) <= said | http
    places = set(re.findall(r"\{(\w+)\}", str(spanish.catalogue()["problems"])))
    assert places <= set(ProblemFacts.__annotations__)


def test_a_fault_carries_its_facts_over():
    with pytest.raises(RequestInvalid) as gap:
        parse_instant("2027-03-28T02:30:00", "Europe/Madrid", NOON, 20)

    assert spanish.fault(gap.value.problems[0][1]) == (
        "2027-03-28T02:30:00 no existe en Europe/Madrid: la hora siguiente allí es"
        " 2027-03-28T03:00:00+02:00"
    )
    assert spanish.fault("nobody translated this") == "nobody translated this"


FILES = (
    ClipFile(),
    ClipFile("MPEG-4", "QuickTime"),
    ClipFile("WebM", None, "VP9"),
    ClipFile("MPEG-4", None, "AVC", 75.5, 1920, 1080),
)
FETCHED = (
    objection_to_size(200_000_000),
    objection_to_size(200_000_000, at_least=True),
    "redirects more than 3 times",
    "its server answers 404; 200 is needed",
    "cannot be reached from outside: no answer",
    "redirects to where clips may not come from: the address is not a public one",
    "breaks off after 5 of 1,000 bytes",
    "comes at 3 kB a second; 64 are needed",
    "could not be checked within 20 s; nothing was sent",
    "could not be checked here just now; nothing was sent",
    "its host has no address",
    "its host has an address that is not a public one",
)


@pytest.mark.parametrize(
    "words",
    sorted({one for file in FILES for one in objections_to(file)} | {*filter(None, FETCHED)}),
)
def test_what_is_wrong_with_the_file_behind_an_address_is_told_in_spanish(words):
    told = spanish.fault(words)

    assert told != words
    assert "address" not in told
    assert re.findall(r"\d+", told) == re.findall(r"\d+", words)


@pytest.mark.parametrize(
    ("asks", "language", "title"),
    [
        ("es", "es", "La petición no es válida"),
        ("es-MX, en;q=0.5", "es", "La petición no es válida"),
        ("en, es;q=0.9", "en", "The request is not valid"),
        ("fr", "en", "The request is not valid"),
        ("", "en", "The request is not valid"),
    ],
)
def test_a_problem_speaks_the_language_that_is_asked_for(ana, asks, language, title):
    refused = ana.publish(good(posts=[{"nonsense": 1}]), headers={"Accept-Language": asks})

    said = refused.get_json()
    assert (refused.status_code, said["code"]) == (422, "request_invalid")
    assert (said["title"], said["error"], refused.content_language.to_header()) == (
        title,
        title,
        language,
    )
    words = {fault["detail"] for fault in said["errors"]}
    assert ("campo desconocido" in words) is (language == "es")
    assert "Accept-Language" in refused.headers["Vary"]


def test_facts_stand_in_the_sentence(ana):
    error = file_errors.FileTooBig(5, 4)
    refused = ana.client.get("/nowhere", headers=ES)

    told = spanish.problem(("file_too_big", "", "The file is too big"), error.facts)
    assert told == ("El archivo es demasiado grande", "Tiene 5 bytes; se admiten 4.")
    assert refused.get_json()["title"] == "No se encuentra"
    assert ana.client.post(PUBLISH, headers=ES).get_json()["code"] == "unauthenticated"


def test_why_a_clip_failed_is_told_in_the_language_of_who_asks(ana):
    batch_id = ana.publish(good()).get_json()["batchId"]
    clip = clips.of_batch(batch_id)[0]
    words = say("outage", seconds=3600, why=say("busy", seconds=30))
    writer.write(moves.missed(clip, words, ErrorCode.UPSTREAM_UNAVAILABLE), NOON)
    status = f"/api/metricool/status?batchId={batch_id}"

    asked = [ana.get(status), ana.get(status, headers=ES)]
    english, in_spanish = (one.get_json() for one in asked)

    assert [one["clips"][0]["error"] for one in (english, in_spanish)] == [
        words,
        "Metricool no ha podido recibir esta historia durante 3600 s: Metricool pide esperar 30 s",
    ]
    assert in_spanish["error"] == in_spanish["clips"][0]["error"]
    for told in (*(one["clips"][0] for one in (english, in_spanish)), in_spanish):
        assert told["errorFacts"] == {
            "reason": "outage",
            "seconds": 3600,
            "why": {"reason": "busy", "seconds": 30},
        }
    assert "Accept-Language" in asked[1].headers["Vary"]
