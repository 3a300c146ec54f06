"""What browsers are told and asked: whose page speaks, the session's cookie, other origins."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, request

from storyclip.domain.session import MOST_OF_BROWSER, Entry, Lasting, Visit
from storyclip.web.front import front
from storyclip.web.said.problem_kinds import BAD_TYPE, ORIGIN_REFUSED
from storyclip.web.said.problems import Problem

API = "/api/"
READS = ("GET", "HEAD", "OPTIONS")

# Nothing may be loaded by what is no page. A page loads from here alone; pictures come from
# Metricool's brands, over https.
BARE_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self';"
    " img-src 'self' data: https:; connect-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TLS_ALONE = "max-age=31536000"
_PREFLIGHT = {
    "Access-Control-Allow-Headers": (
        "X-Api-Key, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID,"
        " Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Checksum,"
        " X-HTTP-Method-Override,"
        " X-Tenant"  # of an earlier client, and never read: whose a request is, its key says
    ),
    "Access-Control-Max-Age": "600",
}
_READABLE = (
    "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Tus-Resumable, Tus-Version,"
    " Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset, Upload-Length,"
    " Upload-Metadata"
)
_NO_FORMS = ("application/json", "application/offset+octet-stream")  # what no form can send


def guard(app: Flask) -> None:
    """Have every answer of the application say what browsers may do with it."""
    app.after_request(_readable_elsewhere)
    app.after_request(_guarded)


def is_a_person() -> bool:
    """Return whether somebody reads the answer in a browser: a program asks for no HTML."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/problem+json"]


def own_address() -> str:
    """Return the address at which people see the service, for links that they are sent."""
    return front().settings.public_url or request.host_url.rstrip("/")


def is_own(origin: str) -> bool:
    """Return whether a page of this origin is one of ours."""
    if (public_url := front().settings.public_url) is not None:
        return origin == public_url
    with contextlib.suppress(ValueError):
        return urlsplit(origin).netloc == request.host != ""
    return False


def is_allowed(origin: str) -> bool:
    """Return whether a page of this origin may call the API with a key of its own."""
    return origin in front().settings.cors_origins or is_own(origin)


def require_own_page() -> None:
    """Check that the request, which a browser adds its cookie to by itself, is our page's wish.

    Raises:
        Problem: 403, another page's; or nothing tells whose, and it would change something.
            415, a form: a page of anywhere can send one.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none") or not (origin is None or is_own(origin)):
        raise Problem(ORIGIN_REFUSED, _whose_page(origin))
    if request.method in READS:
        return
    if origin is None and site is None:
        raise Problem(
            ORIGIN_REFUSED,
            "A session is for browsers, which send `Origin`. Programs send a key in `X-Api-Key`.",
        )
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and request.mimetype not in _NO_FORMS:
        raise Problem(BAD_TYPE)


def _whose_page(origin: str | None) -> str:
    """Name what was compared: a proxy that passes another `Host` on is a common mistake."""
    theirs = "another origin" if origin is None else f"`{_shown(origin)}`"
    return (
        f"A session is for StoryClip's own page, which this request says to be at"
        f" `{_shown(request.host)}`; it comes from a page of {theirs}. If that is the address at"
        f" which browsers see StoryClip, set STORYCLIP_PUBLIC_URL to it."
    )


def _shown(word: str, most: int = 100) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in word[:most])


def session_token() -> str:
    """Return the token in the session's cookie, empty without one."""
    return request.cookies.get(_cookie_name(), "")


def keep_session(response: Response, token: str) -> None:
    """Have the browser keep the session, out of its scripts' reach and for our own page alone."""
    response.set_cookie(
        _cookie_name(),
        token,
        max_age=int(front().settings.session_lasts_s),
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def visit(entry: Entry) -> Visit:
    """Return how the session begins that this request asks for."""
    settings = front().settings
    lasting = Lasting(
        timedelta(seconds=settings.session_lasts_s), timedelta(seconds=settings.session_idle_s)
    )
    named = _shown(request.headers.get("User-Agent", ""), MOST_OF_BROWSER)
    return Visit(entry, request.remote_addr, named, lasting)


def forget_session(response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(
        _cookie_name(), path="/", secure=request.is_secure, httponly=True, samesite="Strict"
    )


def _cookie_name() -> str:
    # Behind TLS no neighbouring host name can plant a cookie with this prefix.
    return "__Host-storyclip" if request.is_secure else "storyclip"


def _readable_elsewhere(response: Response) -> Response:
    """Let pages of the origins that the settings name read the API's answers; no others."""
    if not request.path.startswith(API):
        return response
    response.vary.update(("Origin", "Accept-Language"))  # what is said of clips and problems
    origin = request.headers.get("Origin", "")
    if origin in front().settings.cors_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _READABLE
        if request.method == "OPTIONS":
            response.headers.update(_PREFLIGHT)
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
    return response


def _guarded(response: Response) -> Response:
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    policy = PAGE_POLICY if response.mimetype == "text/html" else BARE_POLICY
    response.headers.setdefault("Content-Security-Policy", policy)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _TLS_ALONE)
    return response
