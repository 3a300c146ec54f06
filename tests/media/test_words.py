"""Each problem of a file, and each refusal of one, has its words in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from storyclip.domain import file_errors
from storyclip.domain.file_words import (
    LANGUAGES,
    Meaning,
    entries,
    problem_words,
    refusal_words,
)
from storyclip.domain.user_file import Trouble
from storyclip.media import judging, problem
from storyclip.media.problem import Code, Problem, Weight
from storyclip.web.said import file_kinds
from storyclip.web.said.problem_kinds import Kind

SOURCES = [Path(judging.__file__), *Path(problem.__file__).parent.glob("*.py")]
CUT_MARKS = {"piece", "length_s", "least_s", "most_s"}  # given as a dict
REFUSALS = {
    one.code: one
    for one in (*vars(file_kinds).values(), *file_kinds.FILE_KINDS.values())
    if isinstance(one, Kind)
}
TOLD = {
    "file_too_big": file_errors.FileTooBig(5, 4).facts,
    "spool_full": file_errors.SpoolFull(5, 4).facts,
    "too_many_files": file_errors.TooManyFiles(5, 4).facts,
    "offset_wrong": file_errors.OffsetWrong(5).facts,
}


def facts_told():
    """The facts of each code, wherever it is said."""
    told: dict[str, set[str]] = {}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if ast.unparse(node.args[0]).startswith("Code."):
                code = Code[ast.unparse(node.args[0]).removeprefix("Code.")]
                told.setdefault(code, set()).update(key.arg or "" for key in node.keywords)
    return told | {Code.CUT_MARKS: CUT_MARKS}


def blocking():
    """The codes of which nothing can be made."""
    text = "".join(source.read_text() for source in SOURCES)
    return {Code[name] for name in re.findall(r"_blocks\(Code\.(\w+)", text)} | {Code.CUT_MARKS}


def test_every_code_is_said_somewhere():
    assert set(facts_told()) == set(Code)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_each_problem_says_what_it_is_what_it_means_and_what_to_do(code, language):
    facts = dict.fromkeys(facts_told()[code], 7)
    meanings = [Meaning.BLOCKS] if code in blocking() else [*Meaning][1:]

    for meaning in meanings:
        words = problem_words(code, meaning, facts, language)
        assert "{" not in words
        assert len(re.findall(r"[.:] [A-ZÁÉÍÓÚ]", words)) >= 1  # more than what it is


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_says_what_happened_what_it_means_and_what_to_do(code, language):
    words = refusal_words(code, TOLD.get(code, {}), language)

    assert REFUSALS[code].of_files
    assert "{" not in words
    assert len(re.findall(r"[.] [A-ZÁÉÍÓÚ]", words)) >= 2


def test_nothing_else_is_in_the_catalogue():
    wanted = {f"file.{code}" for code in Code} | {f"fileMeans.{one}" for one in Meaning}
    wanted |= {f"fileDo.{code}" for code in blocking()}
    wanted |= {f"upload.{code}" for code in REFUSALS} | {f"fileWaits.{one}" for one in Trouble}

    assert entries().keys() == wanted
    assert all(words.keys() == LANGUAGES.keys() for words in entries().values())


def test_what_is_prepared_is_said_to_be_and_what_is_not_is_not():
    wide = Problem(Code.NOT_UPRIGHT, Weight.REFUSED, {"width": 640, "height": 480})
    uneven = Problem(Code.FRAMES_UNEVEN, Weight.DOUBTFUL)

    assert "nothing for you to do" in wide.words("en", is_prepared=True)
    assert "cannot go out" in wide.words("en", is_prepared=False)
    assert "goes out as it is" in uneven.words("en", is_prepared=False)


def test_figures_are_written_as_the_language_has_them():
    facts = {"length_s": 2.51, "least_s": 3.0}

    assert "Dura 2,51 s" in problem_words("too_short", Meaning.BLOCKS, facts, "es")
    assert "lasts 2.51 s; a story lasts at least 3 s" in problem_words(
        "too_short", Meaning.BLOCKS, facts, "en"
    )
