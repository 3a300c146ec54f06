"""What goes wrong, told in Spanish; English stands where it is said, and is the rule.

The words of a problem are found by a refusal's reason, else by its sort's English detail or title:
what is the same to programs may be told apart to people. Those of a fault are found by the English
ones, whose {places} are carried over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import has_request_context, request

from storyclip.domain.errors import ActionRefused
from storyclip.web.said.language import preferred

CATALOGUE = Path(__file__).with_suffix(".json")
LANGUAGES = ("en", "es")

_PLACE = re.compile(r"\{(\w+)\}")
_INSTANTS = {"until": "%Y-%m-%d %H:%M:%S UTC", "plannedFor": "%Y-%m-%d %H:%M UTC"}  # as in English


def is_wanted() -> bool:
    """Return whether who asks prefers it to English."""
    if not has_request_context():
        return False
    return preferred(request.accept_languages, LANGUAGES) == "es"


def problem(names: Sequence[str], facts: Mapping[str, object]) -> tuple[str, str] | None:
    """Return a problem's title and detail, None of what only machines come upon.

    Args:
        names: what it may be found by, in their order.
    """
    known = catalogue()["problems"]
    found = next((known[name] for name in names if name in known), None)
    return None if found is None else (found[0], _filled(found[1], facts))


def refusal(why: ActionRefused) -> str:
    """Return why a wish is refused, in the language of who asks."""
    in_spanish = problem((why.facts["reason"],), why.facts) if is_wanted() else None
    return str(why) if in_spanish is None else in_spanish[1]


def fault(words: str) -> str:
    """Return what is wrong with one place of a request, as it was where nobody translated it."""
    for english, spanish in _faults():
        if (said := english.fullmatch(words)) is not None:
            facts = said.groupdict()
            if "why" in facts:  # itself a fault
                facts["why"] = fault(facts["why"])
            return _filled(spanish, facts)
    return words


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Return the whole catalogue: `problems`, `faults`, and `words` that are facts of them."""
    read: dict[str, dict[str, Any]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return read


@cache
def _faults() -> Sequence[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(_PLACE.sub(r"(?P<\1>.+)", _escaped(english)), re.DOTALL), spanish)
        for english, spanish in catalogue()["faults"].items()
    ]


def _escaped(english: str) -> str:
    return re.escape(english).replace(r"\{", "{").replace(r"\}", "}")


def _filled(words: str, facts: Mapping[str, object]) -> str:
    return _PLACE.sub(lambda found: _shown(found[1], facts.get(found[1], "…")), words)


def _shown(name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is None:
        return "—"
    if name in _INSTANTS:
        return datetime.fromisoformat(str(value)).strftime(_INSTANTS[name])
    known: Mapping[str, str] = catalogue()["words"].get(name, {})
    return known.get(str(value), str(value))
