"""A refused wish is told with its reason and its facts, in Spanish as in English."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from storyclip.domain import refusals
from storyclip.domain.batch import Status
from storyclip.domain.clip import State
from storyclip.domain.errors import ActionRefused, RefusalCode, RetrySafety
from storyclip.domain.network import Network
from storyclip.domain.refusal_facts import Action, Reason
from storyclip.domain.story import Look, Post, PostStatus
from storyclip.web.said import spanish
from tests.domain.making import a_clip
from tests.web.conftest import NOON, SmallMetricool, Someone
from tests.web.test_control import failed, made

ES = {"Accept-Language": "es"}
CLIP = a_clip(7)
POST = Post("310000001", Network.FACEBOOK, (), NOON, PostStatus.PENDING)
EVERY = [
    refusals.cancelled("retried"),
    refusals.ended(Status.COMPLETED, "paused"),
    refusals.not_paused(),
    refusals.none_failed(),
    refusals.not_failed(7, State.PUBLISHED),
    refusals.never(CLIP, None),
    refusals.never(CLIP, "this account is restricted"),
    refusals.gone(CLIP),
    refusals.untold(CLIP),
    refusals.left_open(CLIP, "Request timed out"),
    refusals.left_open(CLIP, ""),
    refusals.deleted_when_due(CLIP),
    refusals.too_early(CLIP, NOON + timedelta(seconds=42)),
    refusals.is_draft(CLIP, POST),
    refusals.is_there(CLIP, POST),
    refusals.order_would_change([7, 9]),
    refusals.held(3),
    refusals.nobody_lives(),
    refusals.looking(),
]
PARAMETER = re.compile(r"confirm\w+(?==true)")


def in_spanish(refusal: ActionRefused) -> str:
    title, detail = spanish.problem((refusal.facts["reason"],), refusal.facts) or ("", "")
    assert title.strip()
    return detail


def test_every_refusal_is_walked_and_each_sentence_has_a_reason_of_its_own():
    here = Path(__file__).read_text(encoding="utf-8")
    tree = ast.parse(inspect.getsource(refusals))
    makers = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    places = Counter(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("Reason.")
    )

    assert [name for name in makers if f"refusals.{name}(" not in here] == []
    assert Counter(one.facts["reason"] for one in EVERY) == Counter(list(Reason))
    assert places == Counter(list(Reason.__members__))
    assert {one.code for one in EVERY} == set(RefusalCode)


def test_a_refusal_is_made_nowhere_but_where_all_of_them_stand():
    rooms = Path(inspect.getfile(refusals)).parents[1]
    makers = {
        file.relative_to(rooms).as_posix()
        for file in rooms.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ActionRefused")
    }

    assert makers == {"domain/refusals.py"}


def test_no_two_refusals_are_told_alike():
    assert len({in_spanish(one) for one in EVERY}) == len({str(one) for one in EVERY}) == len(EVERY)


@pytest.mark.parametrize("refusal", EVERY, ids=lambda one: one.facts["reason"])
def test_what_english_says_is_carried_over(refusal):
    english, spanish_ = str(refusal), in_spanish(refusal)
    facts = dict(refusal.facts)

    assert "…" not in spanish_
    assert not re.search(r"[{}]", spanish_)
    assert PARAMETER.findall(english) == PARAMETER.findall(spanish_)
    assert PARAMETER.findall(english) == [facts[name] for name in ("confirm",) if name in facts]
    assert sorted(re.findall(r"\d[\d: -]*\d|\d", english.replace("second", ""))) == sorted(
        re.findall(r"\d[\d: -]*\d|\d", spanish_)
    )
    assert facts.get("said", "") in spanish_


@pytest.mark.parametrize(
    ("place", "known"),
    [("action", get_args(Action)), ("endedAs", Status), ("clipStatus", State)],
)
def test_words_that_are_facts_are_told_in_spanish(place, known):
    assert set(spanish.catalogue()["words"][place]) == set(known)


def test_a_post_without_a_date_is_told_without_one():
    undated = Post("310000001", Network.FACEBOOK, (), None, PostStatus.PENDING)

    assert "(post 310000001; fecha: —)" in in_spanish(refusals.is_there(CLIP, undated))
    assert "(post 310000001)" in str(refusals.is_there(CLIP, undated))


def shown(monkeypatch: pytest.MonkeyPatch, metricool: SmallMetricool, post: Post | None) -> None:
    monkeypatch.setattr(metricool, "post", lambda *of: post)
    for listing in ("posts_between", "deleted_posts"):
        monkeypatch.setattr(metricool, listing, lambda *of: Look((), NOON, is_whole=True))


@pytest.mark.parametrize(
    ("post", "confirm", "advised"),
    [
        (None, "confirmAbsent", "Mira la cuenta"),
        (
            Post("310000001", Network.FACEBOOK, ("https://m/1",), NOON, PostStatus.PENDING),
            None,
            "Déjalo salir, o bórralo allí",
        ),
    ],
    ids=["what is shown nowhere", "what is there"],
)
def test_a_spanish_reader_is_advised_what_helps(
    ana: Someone,
    metricool: SmallMetricool,
    monkeypatch: pytest.MonkeyPatch,
    post: Post | None,
    confirm: str | None,
    advised: str,
):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.CHECK_FIRST)
    shown(monkeypatch, metricool, post)

    answer = ana.post(
        f"/api/metricool/retry-failed?batchId={batch_id}&clip=1", headers=ES
    ).get_json()

    assert (answer["code"], answer.get("confirm"), answer["clips"]) == (
        "still_pending",
        confirm,
        [1],
    )
    assert advised in answer["detail"]
    assert ("confirmAbsent=true" in answer["detail"]) is (confirm is not None)


def test_what_was_not_retried_is_told_in_the_language_that_is_asked_for(
    ana: Someone, metricool: SmallMetricool, monkeypatch: pytest.MonkeyPatch
):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.CHECK_FIRST, 1)
    failed(batch_id, RetrySafety.SAFE, 2)
    shown(monkeypatch, metricool, None)

    answer = ana.post(f"/api/metricool/retry-failed?batchId={batch_id}", headers=ES)

    [left] = answer.get_json()["notRetried"]
    assert left["detail"].startswith("Clip 1: Metricool ya no lo muestra")
    assert (left["clip"], left["reason"], left["confirm"]) == (1, "gone", "confirmAbsent")
    assert "Accept-Language" in answer.headers["Vary"]
