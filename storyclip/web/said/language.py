"""In which language a person wants to be told."""

from __future__ import annotations

from collections.abc import Collection

from werkzeug.datastructures import LanguageAccept


def preferred(accepted: LanguageAccept, known: Collection[str]) -> str | None:
    """Return the language that comes first in what a request accepts, of whatever region.

    Werkzeug's `best_match` takes English for `es-MX, en;q=0.5`: it tries whole tags first.
    """
    tags = (tag.partition("-")[0].lower() for tag, quality in accepted if quality > 0)
    return next((tag for tag in tags if tag in known), None)
