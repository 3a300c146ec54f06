"""What people are told of their files, in each language: page, API and terminal have it from here.

file.<code>, fileMeans.<meaning>, fileDo.<code>     of a problem with a file
fileWaits.<trouble>                                  of a file that waits
upload.<code>                                        of a file that was not taken in
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

LANGUAGES = {"es": "Español", "en": "English"}  # the first is spoken where nothing is asked for
CATALOGUE = Path(__file__).with_suffix(".json")

_MARKS: dict[str, dict[int, int]] = {"es": str.maketrans(",.", ".,"), "en": {}}
_GROUPED_FROM = 10_000

Facts = Mapping[str, str | int | float]


class Meaning(StrEnum):
    """What a problem means for the story."""

    BLOCKS = "blocks"  # there is none
    REFUSED = "refused"  # there is none unless the file is prepared
    MENDED = "mended"  # it was, or will be, put right
    KEPT = "kept"  # it goes out with the problem
    SAID = "said"  # nothing


def problem_words(code: str, meaning: Meaning, facts: Facts, language: str) -> str:
    """Return what is wrong with a file, what that means for the story, and what to do."""
    sentences = [_filled(f"file.{code}", facts, language), _words(f"fileMeans.{meaning}", language)]
    if meaning is Meaning.BLOCKS:
        sentences.append(_words(f"fileDo.{code}", language))
    return " ".join(sentences)


def refusal_words(code: str, facts: Facts, language: str) -> str:
    """Return why a file was not taken in, what that means for the story, and what to do."""
    return _filled(f"upload.{code}", facts, language)


def waiting_words(trouble: str, language: str) -> str:
    """Return what a file waits for, what that means for the story, and what to do."""
    return _words(f"fileWaits.{trouble}", language)


@cache
def entries() -> dict[str, dict[str, str]]:
    """Return the whole catalogue: each key's words by their language."""
    read: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return read


def _words(key: str, language: str) -> str:
    return entries()[key][language]


def _filled(key: str, facts: Facts, language: str) -> str:
    def fact(found: re.Match[str]) -> str:
        return _shown(facts.get(found[1], found[0]), language)

    return re.sub(r"\{(\w+)\}", fact, _words(key, language))


def _shown(fact: str | int | float, language: str) -> str:
    """Return a fact as it is written in a language."""
    if isinstance(fact, str):
        return fact
    if isinstance(fact, float):
        text = f"{fact:.3f}".rstrip("0").rstrip(".")
    else:
        text = f"{fact:,}" if abs(fact) >= _GROUPED_FROM else str(fact)
    return text.translate(_MARKS[language])
