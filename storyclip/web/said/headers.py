"""Which headers the API knows, of requests and of answers, and which answers always have which."""

from __future__ import annotations

from typing import Any

MAX_IDEMPOTENCY_KEY = 255
IDEMPOTENCY_KEY = f"[!-~]{{1,{MAX_IDEMPOTENCY_KEY}}}"

_TEXT = {"type": "string"}
IN_REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "Idempotency-Key": (
        {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_IDEMPOTENCY_KEY,
            "pattern": f"^{IDEMPOTENCY_KEY}$",
        },
        "The client's own name for this request: a repeat gets the first answer again.",
    ),
    "If-None-Match": (_TEXT, "The `ETag` of what is known already."),
    "Last-Event-ID": (_TEXT, "The same as `after`, as browsers send it; it goes first."),
}
IN_ANSWERS: dict[str, dict[str, Any]] = {
    name: {"description": says, "schema": _TEXT}
    for name, says in {
        "Location": "Where to look.",
        "ETag": "For `If-None-Match`.",
        "Link": 'The next page, `rel="next"`, if there is one.',
        "Warning": "199, where the account's month at Metricool may be too full for all of it.",
        "Retry-After": "Seconds to wait.",
        "WWW-Authenticate": "How to show a key.",
        "Allow": "The methods that there are.",
        "RateLimit": "What is left of the key's bucket (r), and seconds until its next token (t).",
        "RateLimit-Policy": "The size of the bucket (q), and seconds in which it fills (w).",
    }.items()
}
ALWAYS_IN = {
    202: ("Location",),
    303: ("Location",),
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
