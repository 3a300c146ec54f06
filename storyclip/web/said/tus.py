"""The words of tus 1.0: what requests say in headers, and what answers do."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from flask import Response, request

from storyclip.flow.take_in import Announced
from storyclip.flow.taking import CHECKSUMS, Checksum
from storyclip.media.plan import Fit
from storyclip.web.said.file_kinds import BAD_HEADER, NO_TUS, NOT_BYTES
from storyclip.web.said.file_operations import OFFSET_STREAM
from storyclip.web.said.headers import TUS
from storyclip.web.said.problems import Problem

SPOKEN = {"Tus-Resumable": TUS}  # in every answer
EXTENSIONS = "creation,termination,checksum"
MAX_NAME = 255  # characters: longer ones are cut
MAX_CUT_MARKS = 99  # 100 clips are a batch
UNNAMED = "file"

_WHOLE = re.compile(r"[0-9]{1,15}")
_CHECKSUM = re.compile(r"([a-z0-9]{1,20}) ([A-Za-z0-9+/]{1,100}={0,2})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARK = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")
_CLAIMS = {"true": True, "false": False}


def require_version() -> None:
    """Check that the request speaks our version of the protocol.

    Raises:
        Problem: 412, it does not.
    """
    if request.headers.get("Tus-Resumable") != TUS:
        raise Problem(NO_TUS)


def offered(max_size: int) -> dict[str, str]:
    """Return the headers that say what of the protocol there is."""
    return {
        **SPOKEN,
        "Tus-Version": TUS,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_size),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def answered(status: int, headers: dict[str, str] | None = None) -> Response:
    """Return an answer without a body."""
    return Response(status=status, headers={**SPOKEN, **(headers or {})})


def announced() -> Announced:
    """Return the file that the request announces.

    Raises:
        Problem: 400, with the header that is not valid.
    """
    said = _metadata()
    sha256 = said.get("sha256")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise _wrong("sha256 of Upload-Metadata: expected 64 hexadecimal digits in lower case")
    words = request.headers.get("Upload-Metadata")
    return Announced(_name(said), _whole("Upload-Length"), _options(said), sha256, words)


def offset() -> int:
    """Return where the request's bytes begin.

    Raises:
        Problem: 400, it does not say so; 415, its body is something else.
    """
    if request.mimetype != OFFSET_STREAM:
        raise Problem(NOT_BYTES)
    return _whole("Upload-Offset")


def checksum() -> Checksum | None:
    """Return what the request's bytes are to be, None where it does not say.

    Raises:
        Problem: 400, in a way that is not known.
    """
    said = request.headers.get("Upload-Checksum")
    if said is None:
        return None
    found = _CHECKSUM.fullmatch(said)
    if found is None or found[1] not in CHECKSUMS:
        raise _wrong(f"Upload-Checksum: expected one of {', '.join(CHECKSUMS)}, and base64")
    return Checksum(found[1], found[2])


def _metadata() -> dict[str, str]:
    said: dict[str, str] = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            said[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise _wrong("Upload-Metadata: expected words, each with a base64 of UTF-8") from None
    return said


def _name(said: dict[str, str]) -> str:
    """Return the user's word for the file; it is shown, and never a path."""
    name = said.get("filename") or said.get("name") or ""
    return "".join(c for c in name if c.isprintable())[:MAX_NAME] or UNNAMED


def _options(said: dict[str, str]) -> dict[str, Any]:
    """Return the wishes, spelled in one way: the same file with the same ones is made once."""
    fit = said.get("fit", Fit.BLURRED.value)
    if fit not in list(Fit):
        raise _wrong(f"fit of Upload-Metadata: expected {' or '.join(Fit)}")
    claims = {key: said.get(key, usual) for key, usual in _USUAL.items()}
    if not _CLAIMS.keys() >= set(claims.values()):
        raise _wrong(f"{' and '.join(claims)} of Upload-Metadata: expected true or false")
    marks = said.get("cutMarks", "").split()
    if len(marks) > MAX_CUT_MARKS or not all(map(_MARK.fullmatch, marks)):
        raise _wrong("cutMarks of Upload-Metadata: expected seconds with spaces between")
    if marks and not _CLAIMS[claims["prepare"]]:
        raise _wrong("cutMarks of Upload-Metadata: nothing is cut where prepare is false")
    options: dict[str, Any] = {"fit": fit}
    options |= {key: _CLAIMS[value] for key, value in claims.items()}
    return options | ({"cutMarks": list(map(float, marks))} if marks else {})


_USUAL = {"prepare": "true", "stillAsVideo": "false"}


def _whole(name: str) -> int:
    said = request.headers.get(name, "")
    if not _WHOLE.fullmatch(said):
        raise _wrong(f"{name}: expected a whole number of bytes")
    return int(said)


def _wrong(detail: str) -> Problem:
    return Problem(BAD_HEADER, f"{detail}.")
