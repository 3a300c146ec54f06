"""What the routes of users' files take and answer: tus 1.0, and what became of a file."""

from __future__ import annotations

from storyclip.web.said import file_shapes
from storyclip.web.said.operation import API, Operation

JPEG = "image/jpeg"
OFFSET_STREAM = "application/offset+octet-stream"
PATH = f"{API}/files"

_ONE = f"{PATH}/<file_id>"

FILES: dict[tuple[str, str], Operation] = {
    ("POST", PATH): Operation(
        "Announce a file whose bytes are to come (tus: creation)",
        {201: None},
        (400, 412, 413, 415, 422, 507),
        headers=("Tus-Resumable", "Upload-Length", "Upload-Metadata"),
        told=("Location", "Tus-Resumable", "Upload-Offset"),
    ),
    ("HEAD", _ONE): Operation(
        "Ask how many bytes of a file are there (tus)",
        {200: None},
        (404, 412),
        headers=("Tus-Resumable",),
        told=("Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Metadata"),
    ),
    ("PATCH", _ONE): Operation(
        "Bring bytes of a file (tus)",
        {204: None},
        (400, 404, 409, 410, 412, 413, 415, 423, 460, 507),
        headers=("Tus-Resumable", "Upload-Offset", "Upload-Checksum"),
        takes=OFFSET_STREAM,
        told=("Tus-Resumable", "Upload-Offset"),
    ),
    ("DELETE", _ONE): Operation(
        "Forget a file (tus: termination)",
        {204: None},
        (404, 409, 412, 415),
        headers=("Tus-Resumable",),
        told=("Tus-Resumable",),
    ),
    ("GET", _ONE): Operation(
        "How far a file is, and what became of it",
        {200: file_shapes.FileView, 304: None},
        (404,),
        headers=("If-None-Match",),
        told=("ETag",),
    ),
    ("GET", f"{_ONE}/poster"): Operation("A file's first good frame", {200: JPEG}, (404,)),
    ("GET", f"{_ONE}/strip"): Operation(
        "Small frames of a video, side by side", {200: JPEG}, (404,)
    ),
}
