"""Every sentence about a clip is told in each language, and read back with its facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

import storyclip
from storyclip.domain import errors, upload_errors
from storyclip.domain.clip_words import catalogue, facts_of, say, told
from storyclip.domain.errors import UpstreamError
from storyclip.domain.upload_errors import FileChanged
from tests.domain.saying import facts_for

ROOMS = ("domain", "flow", "progress", "spool", "tasks", "upstream")
LANGUAGES = ("en", "es")
WRITTEN_T0 = "2026-12-01T12:00:00.000Z"


@pytest.mark.parametrize("reason", catalogue())
def test_each_sentence_is_read_back_with_its_facts(reason: str):
    facts = facts_for(reason)

    found = facts_of(say(reason, **facts))

    for name, fact in facts.items():
        if name in ("why", "before"):
            assert found[name] == facts_of(str(fact))
        else:
            assert found[name] == (WRITTEN_T0 if isinstance(fact, datetime) else fact)
    assert found.keys() == {"reason", *facts}
    assert found["reason"] == reason


@pytest.mark.parametrize("reason", catalogue())
def test_each_sentence_is_told_in_each_language_with_all_its_facts(reason: str):
    sentence = catalogue()[reason]
    words = say(reason, **facts_for(reason))
    in_english, in_spanish = (told(words, language) for language in LANGUAGES)

    assert sorted(sentence) == sorted(LANGUAGES)
    places = [sorted(re.findall(r"\{(\w+)\}", sentence[language])) for language in LANGUAGES]
    assert places[0] == places[1]
    assert in_english == words
    own_words = re.sub(r"\{\w+\}|HTTP", "", sentence["en"])
    assert in_spanish != in_english or not re.search(r"\w", own_words)
    assert "{" not in in_spanish.replace("{x}", "")


def test_what_others_said_is_a_quotation_wherever_it_stands():
    alone = "The video could not be processed."
    inside = say("outage", seconds=3600, why=alone)

    assert facts_of(alone) == {"reason": "quoted", "said": alone}
    assert told(alone, "es") == f"«{alone}»"
    assert told(inside, "es").endswith(f"durante 3600 s: «{alone}»")


@pytest.mark.parametrize(
    ("fact", "read"), [({"seconds": 3600.0}, 3600), ({"seconds": 29.6}, 30), ({"tenths": 2.0}, 2.0)]
)
def test_a_number_that_was_worked_out_is_read_back_as_whole_as_it_is_told(fact, read):
    [name] = fact
    reason = "busy" if name == "seconds" else "over_budget"

    assert facts_of(say(reason, **fact)) == {"reason": reason, name: read}


def test_a_reason_without_its_fact_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        say("outage", seconds=5)


def failures() -> Iterator[tuple[str, str]]:
    """Yield what is said where a failure that a clip may tell of is raised, and where that is."""
    kinds = {
        name
        for room in (errors, upload_errors)
        for name, kind in vars(room).items()
        if isinstance(kind, type) and issubclass(kind, UpstreamError | FileChanged)
    }
    root = Path(storyclip.__file__).parent
    for file in (file for room in ROOMS for file in (root / room).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in kinds and call.args:
                for words in written(call.args[0]):
                    yield f"{file.relative_to(root)}:{call.lineno}", words


def written(said: ast.expr) -> Iterator[str]:
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        yield said.value
    elif isinstance(said, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "7" for part in said.values
        )


def test_whatever_goes_wrong_on_the_line_has_its_words():
    found = list(failures())

    assert len(found) > 25
    assert [one for one in found if facts_of(one[1])["reason"] == "quoted"] == []


@pytest.mark.parametrize(
    "failure", [errors.UpstreamBusy(30), errors.OverBudget(0.5), upload_errors.PartRefused("x", 4)]
)
def test_so_has_a_failure_that_words_itself(failure: UpstreamError):
    assert facts_of(str(failure))["reason"] != "quoted"
