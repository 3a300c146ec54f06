"""What one verb of one route takes and answers, as the OpenAPI document tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from storyclip.web.said.queries import Query

API = "/api/metricool"
HTML, PLAIN = "text/html", "text/plain"

Security = list[dict[str, list[str]]]
KEY: Security = [{"key": []}, {"bearer": []}, {"session": []}]
KEY_OR_TICKET: Security = [*KEY, {"ticket": []}]

AT_THE_DOOR = (400, 401, 403, 413, 415, 422, 429, 503)  # where somebody comes in with a body

# A TypedDict for JSON, a media type for anything else, None for no body.
Answer = Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of one route; `refusals` are the statuses of the problems it answers with.

    `headers` are those of the request, `told` those of the answer, besides what all have. `takes`
    is the media type of a body that is no JSON.
    """

    summary: str
    answers: Mapping[int, Answer]
    refusals: tuple[int, ...] = ()
    query: type[Query] | None = None
    headers: tuple[str, ...] = ()
    body: type[BaseModel] | None = None
    takes: str | None = None
    told: tuple[str, ...] = ()
    security: Security = field(default_factory=lambda: KEY)

    def problems(self) -> tuple[int, ...]:
        """Return the statuses of all problems, those of a key included."""
        keyed = (401, 403, 429, 503) if self.security else ()
        return tuple(sorted({*self.refusals, *keyed, 429, 500}))
