"""One call to this Metricool, whichever front it came in by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storyclip.sandbox.calls import CallRecord
from storyclip.sandbox.faults import Subject
from storyclip.sandbox.refusals import invalid


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends; `path` begins with /api and has no query in it."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # spelled as in metricool.md §1.1
    body: bytes = b""


@dataclass(slots=True)
class Call:
    """A request and what is known of it: which call it is, and what it is about."""

    request: Request
    name: str  # one of faults.CALLS
    last: str  # the path's last segment: a post's id, or a network
    record: CallRecord
    subject: Subject
    json: dict[str, Any] | None = None  # read already, for POST posts

    def query(self, parameter: str) -> str | None:
        return self.request.query.get(parameter)

    def needed(self, parameter: str) -> str:
        """Raises: Refused 400 when the query lacks it."""
        value = self.request.query.get(parameter)
        if not value:
            raise invalid({f"{self.name}.{parameter}": "must not be null"})
        return value

    @property
    def account(self) -> str:
        return self.needed("blogId")

    @property
    def post_id(self) -> int:
        if not (self.last.isascii() and self.last.isdigit()):
            raise invalid({f"{self.name}.id": f"{self.last!r} is not an int32"})
        return int(self.last)
