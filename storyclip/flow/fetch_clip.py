"""The file of a clip whose address Metricool gives back as it is: fetched, to be brought as a file.

Metricool's own copy would have a URL that no other send has, and so prove whose a post is. An
echoed address proves nothing; an upload does.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import BinaryIO

from storyclip.domain.clip import Clip
from storyclip.domain.clip_source import fetched_piece
from storyclip.domain.upload import MeasuredFile
from storyclip.domain.upload_errors import SourceNotFetched
from storyclip.flow.disk_room import has_room_for_one
from storyclip.flow.engine import Engine
from storyclip.spool.local import Spool
from storyclip.store.files import pieces
from storyclip.store.publishing import situation as situations
from storyclip.upstream.measuring import measured

FETCH_S = 120.0  # the largest story at 1 MB/s, and some

Fetch = Callable[[str, BinaryIO, float], None]  # a URL, into what, and seconds; SourceNotFetched

_KINDS = {
    "mov": ("video/quicktime", "mov"),
    "webm": ("video/webm", "webm"),
    "jpg": ("image/jpeg", "jpg"),
    "jpeg": ("image/jpeg", "jpg"),
    "png": ("image/png", "png"),
}
_USUAL = ("video/mp4", "mp4")


def fetch_clip(clip: Clip, engine: Engine, spool: Spool, fetch: Fetch) -> MeasuredFile:
    """Have the file of a clip in the spool, and return what an upload declares of it.

    Raises:
        SourceNotFetched: its address does not give it, or there is no room for it.
        FileChanged, OSError, StoreUnavailable, NotFound
    """
    there = pieces.find(fetched_piece(clip.id))
    if there is not None:
        return there.measured
    if not has_room_for_one(spool):
        raise SourceNotFetched("the disk has no room for the file")
    user_id = situations.read(clip.id).batch.user_id
    into = spool.making(f"{fetched_piece(clip.id).file_id}.{secrets.token_hex(4)}")
    try:
        with into.open("wb") as file:
            fetch(clip.source_url, file, FETCH_S)
            size = file.tell()
        content_type, extension = _kind_of(clip.source_url)
        with into.open("rb") as source:
            declared = measured(source, size, content_type, extension)
        sha256 = spool.keep(into)
    finally:
        into.unlink(missing_ok=True)  # each try has its own: those of an hour would fill the disk
    kept = pieces.KeptPiece(1, sha256, sha256, None, declared)
    pieces.put_fetched(clip, user_id, kept, engine.now())
    return declared


def _kind_of(url: str) -> tuple[str, str]:
    path = url.partition("?")[0]
    return _KINDS.get(path.rpartition(".")[2].lower(), _USUAL)
