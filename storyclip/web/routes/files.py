"""Users' files: taken in by tus 1.0 (https://tus.io/protocols/resumable-upload), and shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from flask import Blueprint, Response, request

from storyclip.domain.errors import NotFound
from storyclip.domain.file_errors import FileFull, OffsetWrong, SpoolFull, SpoolGone
from storyclip.domain.holder import Holder, Scope
from storyclip.domain.upload_errors import FileChanged
from storyclip.domain.user_file import UserFile
from storyclip.flow import take_in
from storyclip.flow.disk_room import DISK_FULL
from storyclip.flow.taking import Checksum
from storyclip.store.files import files, uses
from storyclip.web.door import auth, limits
from storyclip.web.door.part import door
from storyclip.web.door.patient_unreader import meanwhile
from storyclip.web.door.still import Still
from storyclip.web.front import front
from storyclip.web.routes.file_view import view_of
from storyclip.web.said import tus
from storyclip.web.said.answers import answer, unless_known
from storyclip.web.said.file_operations import JPEG, PATH

BLOCK_BYTES = 64 * 1024
ENDED = "What was received stays, as Upload-Offset says it; nothing more is taken."

log = structlog.get_logger("storyclip")

routes = Blueprint("files", __name__)


@routes.post(PATH)
def begin() -> Response:
    """Announce a file; its bytes come afterwards."""
    who = _sender()
    wanted = tus.announced()
    with _told_of_the_disk(wanted.size):
        file = take_in.begin(who.user_id, wanted, front().now(), front().spool, front().room)
    if wanted.size == 0:  # nothing comes afterwards
        file = _taken_in(file, 0, iter(()), None)
    return _told(file, 201, {"Location": f"{PATH}/{file.id}"})


@routes.route(f"{PATH}/<file_id>", methods=["HEAD"])
def received(file_id: str) -> Response:
    """Say how much of a file is there."""
    file = files.find(file_id, _sender().own)
    words = {} if file.metadata is None else {"Upload-Metadata": file.metadata}
    length = {"Upload-Length": str(file.size), "Cache-Control": "no-store"}
    return _told(file, 200, length | words)


@routes.patch(f"{PATH}/<file_id>")
def receive(file_id: str) -> Response:
    """Take in bytes of a file."""
    who = _sender()
    file = files.find(file_id, who.own)
    offset, checksum = tus.offset(), tus.checksum()
    if offset != file.received:
        raise OffsetWrong(file.received)
    if offset + (request.content_length or 0) > file.size:
        raise FileFull(f"the file was announced with {file.size:,} bytes")
    limits.leave()  # it may take an hour, and does little
    still = Still(who, Scope.PUBLISH, ENDED)
    with door().uploads.one_more(who.user_id), meanwhile(still.look):
        file = _taken_in(file, offset, _blocks(file.size - offset, still), checksum)
    return _told(file, 204)


@routes.delete(f"{PATH}/<file_id>")
def remove(file_id: str) -> Response:
    """Forget a file that no running batch needs."""
    uses.remove(files.find(file_id, _sender().own), front().now())
    return tus.answered(204)


@routes.get(f"{PATH}/<file_id>")
def show(file_id: str) -> Response:
    """Show what became of a file."""
    reach = auth.holder(Scope.READ).own
    return unless_known(answer(view_of(files.find(file_id, reach), reach)))


@routes.get(f"{PATH}/<file_id>/poster")
def poster(file_id: str) -> Response:
    """Show a file's first good frame."""
    return _picture(files.find(file_id, auth.holder(Scope.READ).own).poster)


@routes.get(f"{PATH}/<file_id>/strip")
def strip(file_id: str) -> Response:
    """Show small frames of a video."""
    return _picture(files.find(file_id, auth.holder(Scope.READ).own).strip)


@routes.after_request
def _by_tus(response: Response) -> Response:
    """Say which version of the protocol is spoken, also of what is refused.

    Who asks what there is of it is told without a key.
    """
    if request.method == "OPTIONS":
        response.headers.update(tus.offered(front().room.of_one))
    elif request.method != "GET":
        response.headers.update(tus.SPOKEN)
    return response


def _sender() -> Holder:
    who = auth.holder(Scope.PUBLISH)
    tus.require_version()
    return who


def _taken_in(
    file: UserFile, offset: int, blocks: Iterator[bytes], checksum: Checksum | None
) -> UserFile:
    here = front()
    with _told_of_the_disk(file.size - offset):
        return take_in.receive(
            file.id, offset, blocks, checksum, here.spool, here.now, time.monotonic
        )


@contextmanager
def _told_of_the_disk(needed: int) -> Iterator[None]:
    """Say what a disk that is full, or gone, means for the file."""
    try:
        yield
    except OSError as mishap:
        if mishap.errno in DISK_FULL:
            raise SpoolFull(needed, 0) from mishap
        log.error("spool_gone", reason=str(mishap))
        raise SpoolGone("what was received before stays, if its disk comes back") from mishap


def _blocks(most: int, still: Still) -> Iterator[bytes]:
    request.max_content_length = most + 1  # of a body that does not say how long it is
    while block := request.stream.read(BLOCK_BYTES):
        yield block
        still.look()


def _told(file: UserFile, status: int, headers: dict[str, str] | None = None) -> Response:
    return tus.answered(status, {"Upload-Offset": str(file.received), **(headers or {})})


def _picture(name: str | None) -> Response:
    if name is None:
        raise NotFound("no picture of this file")
    try:
        with _told_of_the_disk(0), front().spool.open(name) as file:
            return Response(file.read(), mimetype=JPEG)
    except FileChanged as gone:
        raise NotFound(str(gone)) from None
