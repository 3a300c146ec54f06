"""Which headers the API knows, of requests and of answers, and which answers always have which."""

from __future__ import annotations

from typing import Any

MAX_IDEMPOTENCY_KEY = 255
IDEMPOTENCY_KEY = f"[!-~]{{1,{MAX_IDEMPOTENCY_KEY}}}"

TUS = "1.0.0"

_TEXT = {"type": "string"}
_WHOLE = {"type": "string", "pattern": "^[0-9]{1,15}$"}
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
    "Tus-Resumable": (
        {"type": "string", "const": TUS},
        "The protocol's version, to be said.",
    ),
    "Upload-Length": (_WHOLE, "Bytes of the whole file."),
    "Upload-Offset": (_WHOLE, "Where the bytes of the body begin: what `HEAD` says."),
    "Upload-Metadata": (
        _TEXT,
        "Words and base64 values, with commas between: `filename`; `fit` blurred or crop, `prepare`"
        " true or false, `stillAsVideo` true or false, `cutMarks` seconds with spaces between;"
        " `sha256` of the whole file in hexadecimal digits, so that one that is there already is"
        " not sent again.",
    ),
    "Upload-Checksum": (_TEXT, "`sha256` or `sha1`, a space, and that of the body in base64."),
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
        "Tus-Resumable": "The version of the tus protocol.",
        "Tus-Version": "The version of the tus protocol that there is.",
        "Tus-Extension": "What of the tus protocol there is besides its core.",
        "Tus-Max-Size": "Bytes that a file may have.",
        "Tus-Checksum-Algorithm": "What `Upload-Checksum` may be made with.",
        "Upload-Offset": "How many bytes are there.",
        "Upload-Length": "Bytes of the whole file.",
        "Upload-Metadata": "What was said of it when it was announced.",
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
