"""Requests of clients that can send POST alone: tus 1.0 has them name the method in a header."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Headers = list[tuple[str, str]]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

FILES = "/api/metricool/files/"
METHODS = ("PATCH", "DELETE", "HEAD")


class Overridden:
    """The application, to which such a request about a file is one by the method that it names."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        named = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        is_posted = environ.get("REQUEST_METHOD") == "POST"
        if not (named in METHODS and is_posted and environ["PATH_INFO"].startswith(FILES)):
            return self._application(environ, start_response)

        def start(status: str, headers: Headers, *more: Any) -> Any:
            """Tell the length of what is sent: who sent a POST reads as many bytes as that says.

            To a HEAD it is the length of what is left out, so a proxy would take the next answer
            on the line, which may be somebody else's, for the rest of this one.
            """
            told = [one for one in headers if one[0].lower() != "content-length"]
            return start_response(status, [*told, ("Content-Length", "0")], *more)

        environ = {**environ, "REQUEST_METHOD": named}
        return self._application(environ, start if named == "HEAD" else start_response)
