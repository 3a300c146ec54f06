"""Lines that end with an answer: an error that came before the request's body was read.

What is left of the body would have to be read away before the next request is found, by a thread,
in vain where nothing more comes; and gunicorn, which gives that up and hangs up, has said
`keep-alive` by then. It drops a `Connection` of ours: only the request can be told that it is the
last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from storyclip.web.door.unhurried import Unhurried

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Endings:
    """The application, whose refusals of long bodies are the last of their lines."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""

        line = environ.get("gunicorn.socket")
        if not isinstance(line, Unhurried):  # our worker is not in use
            return self._application(environ, start_response)

        def start(status: str, headers: Any, *more: Any) -> Any:
            if _ends(int(status[:3]), line, environ.get("wsgi.input")):
                line.end()
            return start_response(status, headers, *more)

        return self._application(environ, start)


def _ends(status: int, line: Unhurried, body: Any) -> bool:
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return True
    return status >= HTTPStatus.BAD_REQUEST and not line.is_whole and _has_more(body)


def _has_more(body: Any) -> bool:
    """Return whether bytes of a long body may still be on their way; of chunks nobody knows."""
    return bool(getattr(getattr(body, "reader", None), "length", 1))
