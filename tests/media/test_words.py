"""Each problem has its sentence in both languages, with facts that it is told with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from storyclip.media import judging, problem
from storyclip.media.problem import Code
from storyclip.web.page.words import LANGUAGES, words_in

SOURCES = [Path(judging.__file__), *Path(problem.__file__).parent.glob("*.py")]
CUT_MARKS = {"piece", "length_s", "least_s", "most_s"}  # given as a dict


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


def test_every_code_is_said_somewhere():
    assert set(facts_told()) == set(Code)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_each_has_its_sentence_and_the_facts_for_it(code, language):
    wanted = set(re.findall(r"\{(\w+)\}", words_in(language)[f"file.{code}"]))

    assert wanted <= facts_told()[code]
