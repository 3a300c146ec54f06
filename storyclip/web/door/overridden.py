"""Requests of clients that can send POST alone: tus 1.0 has them name the method in a header."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

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
        if named in METHODS and is_posted and environ.get("PATH_INFO", "").startswith(FILES):
            environ = {**environ, "REQUEST_METHOD": named}
        return self._application(environ, start_response)
