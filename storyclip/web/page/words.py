"""The words of the page: one catalogue, every entry in all languages.

Those of files are not in it: the API tells them, from storyclip/domain/file_words.json. Why clips
and batches are as they are is told under `error.`, from storyclip/domain/clip_words.json.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Request

from storyclip.domain.clip_words import catalogue
from storyclip.domain.file_words import LANGUAGES
from storyclip.web.said.language import preferred

CATALOGUE = Path(__file__).with_name("catalogue.json")


class Words(dict[str, str]):
    """The catalogue in one language; a key that is missing is a `KeyError`, not an empty label."""

    def __init__(self, language: str, words: dict[str, str]) -> None:
        super().__init__(words)
        self.language = language


def language_of(request: Request) -> str:
    """Return the language that was chosen on the page, else what the browser asks for."""
    chosen = request.cookies.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    return preferred(request.accept_languages, LANGUAGES) or next(iter(LANGUAGES))


@cache
def words_in(language: str) -> Words:
    """Return the catalogue in one language."""
    entries: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    words = {key: entry[language] for key, entry in entries.items()}
    errors = {f"error.{reason}": entry[language] for reason, entry in catalogue().items()}
    return Words(language, words | errors)
