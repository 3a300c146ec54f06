"""Why a clip, or its batch, is as it is: each sentence once, in every language.

A row has the English sentence, made here from a reason and its facts; the same template reads both
back. So what was written long ago is told in any language, and what Metricool or a network said is
one of the facts: the quotation that it is. `Told` is what only this module makes: mypy lets no
other words into a clip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NewType

from storyclip.domain.errors import UpstreamError

CATALOGUE = Path(__file__).with_suffix(".json")
QUOTED = "quoted"  # the reason of words that are nobody's here

Told = NewType("Told", str)
ErrorFacts = dict[str, Any]  # a number, an instant of RFC 3339, a text, or facts of another

_PLACE = re.compile(r"\{(\w+)\}")
_MINUTE = "%Y-%m-%d %H:%M UTC"
_WHOLE, _TENTHS, _INSTANT, _TEXT = r"\d[\d,]*", r"\d+\.\d", r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", r".+"
_KINDS = {
    **dict.fromkeys(
        ("seconds", "late", "limit", "attempts", "index", "count", "status", "bytes"), _WHOLE
    ),
    "tenths": _TENTHS,
    **dict.fromkeys(("at", "until"), _INSTANT),
}
_SENTENCES = ("why", "before")  # facts that are sentences of the catalogue, or quoted


def say(reason: str, **facts: str | float | datetime) -> Told:
    """Return the English sentence of a reason; numbers are told as they are read back: whole, or
    in tenths.

    Raises:
        KeyError: there is no such reason, or a fact of it is missing.
    """
    return Told(
        _PLACE.sub(lambda place: _english(place[1], facts[place[1]]), catalogue()[reason]["en"])
    )


def quoted(words: str) -> Told:
    """Return what Metricool or a network said, as it was said."""
    return Told(words)


def cause(failure: UpstreamError) -> Told:
    """Return what went wrong between us and Metricool."""
    return Told(str(failure))


@lru_cache(1024)
def facts_of(words: str | None) -> ErrorFacts:
    """Return the reason that words tell, and its facts; none where there are no words."""
    if words is None:
        return {}
    for reason, pattern in _patterns():
        if (found := pattern.fullmatch(words)) is not None:
            facts = {name: _read(name, said) for name, said in found.groupdict().items()}
            return {"reason": reason, **facts}
    return {"reason": QUOTED, "said": words}


def told(words: str, language: str) -> str:
    """Return what is told by words in a language; what is no sentence of ours as a quotation."""
    return words if language == "en" else _told(facts_of(words), language)


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return each reason's sentence by its language."""
    read: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return read


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return what each sentence looks like, the one with the most words of its own first."""
    found = []
    for reason, sentence in catalogue().items():
        texts = [re.escape(text) for text in _PLACE.split(sentence["en"])[::2]]
        names = _PLACE.findall(sentence["en"])
        places = [f"(?P<{name}>{_KINDS.get(name, _TEXT)})" for name in names] + [""]
        pattern = "".join(text + place for text, place in zip(texts, places, strict=True))
        found.append((sum(map(len, texts)), reason, re.compile(pattern, re.DOTALL)))
    return [(reason, pattern) for _, reason, pattern in sorted(found, reverse=True, key=_size)]


def _size(one: tuple[int, str, re.Pattern[str]]) -> int:
    return one[0]


def _english(name: str, fact: str | float | datetime) -> str:
    if isinstance(fact, datetime):
        return fact.strftime(_MINUTE)
    if isinstance(fact, float):
        return f"{fact:.1f}" if _KINDS.get(name) is _TENTHS else f"{fact:.0f}"
    return str(fact)


def _told(facts: ErrorFacts, language: str) -> str:
    if facts["reason"] == QUOTED:
        return f"«{facts['said']}»"
    sentence = catalogue()[facts["reason"]][language]
    return _PLACE.sub(lambda place: _shown(place[1], facts[place[1]], language), sentence)


def _read(name: str, said: str) -> str | int | float | ErrorFacts:
    if name in _SENTENCES:
        return facts_of(said)
    kind = _KINDS.get(name)
    if kind is _WHOLE:
        return int(said.replace(",", ""))
    if kind is _TENTHS:
        return float(said)
    if kind is _INSTANT:
        return f"{said[:10]}T{said[11:16]}:00.000Z"
    return said


def _shown(name: str, fact: str | float | ErrorFacts, language: str) -> str:
    if isinstance(fact, dict):
        return _told(fact, language)
    if _KINDS.get(name) is _INSTANT:
        return f"{str(fact)[:10]} {str(fact)[11:16]} UTC"
    return str(fact)
