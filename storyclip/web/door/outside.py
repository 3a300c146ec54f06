"""What a request says of the world outside, before anything of ours sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Outside:
    """The application, told only what can be believed of where a request came from."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        _keep_slashes_apart(environ)
        return self._application(environ, start_response)


def _keep_slashes_apart(environ: dict[str, Any]) -> None:
    """Leave `%2f` as it was written, for it must not lead around a proxy's rule for a path."""
    path = str(environ.get("RAW_URI", "")).partition("?")[0]
    if "%2f" in path.lower():
        environ["PATH_INFO"] = path
