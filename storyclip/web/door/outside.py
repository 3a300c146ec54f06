"""What a request says of the world outside, corrected before anything of ours sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from storyclip.web.door.hops import Proxies
from storyclip.web.door.malformed import HostInvalid

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")

_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")  # of a target in absolute form

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Outside:
    """The application, told only what can be believed of where a request came from.

    Args:
        public_url: where browsers see the service; without it, each request's own word counts.
    """

    def __init__(self, application: Application, proxies: Proxies, public_url: str | None) -> None:
        self._application, self._proxies = application, proxies
        self._public = urlsplit(public_url) if public_url else None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request.

        Raises:
            HostInvalid: gunicorn answers for us, and closes the line.
        """
        _require_host(environ)
        _keep_slashes_apart(environ)
        peer = str(environ.get("REMOTE_ADDR", ""))
        if self._proxies.has(peer):
            hops = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
            environ["REMOTE_ADDR"] = self._proxies.client_of(peer, hops)
            is_tls = environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() == "https"
            environ["wsgi.url_scheme"] = "https" if is_tls else "http"
        if self._public is not None:
            environ["HTTP_HOST"] = self._public.netloc
            environ["wsgi.url_scheme"] = self._public.scheme
        return self._application(environ, start_response)


def _require_host(environ: dict[str, Any]) -> None:
    """Take no request whose host two readers may understand otherwise. Source: RFC 9112, 3.2."""
    host = environ.get("HTTP_HOST", "")
    is_needed = environ.get("SERVER_PROTOCOL") != "HTTP/1.0" or "HTTP_HOST" in environ
    if is_needed and not _HOST.fullmatch(host):
        raise HostInvalid
    target = _AUTHORITY.match(environ.get("RAW_URI", ""))
    if target is not None and target[1].lower() != host.lower():
        raise HostInvalid  # a proxy may have gone by the one, and we would go by the other


def _keep_slashes_apart(environ: dict[str, Any]) -> None:
    """Leave `%2f` as it was written, for it must not lead around a proxy's rule for a path."""
    path = str(environ.get("RAW_URI", "")).partition("?")[0]
    if "%2f" in path.lower():
        environ["PATH_INFO"] = path
