"""A user's file as it is told: its facts, what is wrong with it in words, and its pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storyclip.domain.file_words import waiting_words
from storyclip.domain.media_care import is_alive, is_late
from storyclip.domain.reach import Reach
from storyclip.domain.user_file import Trouble, UserFile
from storyclip.domain.views import rfc3339
from storyclip.media.facts import Facts
from storyclip.media.plan import Fit, Plan
from storyclip.media.problem import Code, Problem, Weight
from storyclip.store.files import media_life, pieces, transfers
from storyclip.store.publishing import batches
from storyclip.web.front import front
from storyclip.web.said.file_operations import PATH
from storyclip.web.said.file_shapes import FileFacts, FileProblem, FileView, FileWaits, PieceView
from storyclip.web.said.shapes import Sentence


def view_of(file: UserFile, reach: Reach) -> FileView:
    """Return what is told of a file.

    Args:
        reach: of who asks: a key for one account is told nothing of batches on the others.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    address, said = f"{PATH}/{file.id}", file.options
    sending = transfers.of_file(file.id)
    theirs = batches.those_within(reach, {one.batch_id for one in sending}) if sending else ()
    return {
        "id": file.id,
        "name": file.name,
        "state": file.state,
        "sha256": file.sha256,
        "options": {
            "fit": Fit(said.get("fit", Fit.BLURRED)),
            "prepare": said.get("prepare", True),
            "stillAsVideo": said.get("stillAsVideo", False),
            "cutMarks": said.get("cutMarks"),
        },
        "bytes": file.size,
        "received": file.received,
        "progress": file.progress,
        "waits": _waits(file),
        "facts": None if file.facts is None else _facts(Facts.from_json(file.facts)),
        "problems": [_problem(one, file) for one in file.problems or ()],
        "poster": None if file.poster is None else f"{address}/poster",
        "strip": None if file.strip is None else f"{address}/strip",
        "pieces": list(_pieces(file)),
        "sending": [
            {"batchId": one.batch_id, "clip": one.clip_index, "sent": one.sent, "bytes": one.size}
            for one in sending
            if one.batch_id in theirs
        ],
        "createdAt": rfc3339(file.created_at),
    }


def _waits(file: UserFile) -> FileWaits | None:
    now, trouble = front().now(), file.trouble
    if is_late(file.next_at, now) and not is_alive(media_life.alive_at(), now):
        trouble = Trouble.MEDIA_ABSENT
    if trouble is None:
        return None
    words: Sentence = {"es": waiting_words(trouble, "es"), "en": waiting_words(trouble, "en")}
    return {"code": trouble, "words": words}


def _facts(facts: Facts) -> FileFacts:
    video, picture = facts.video, facts.picture
    seen = video or picture
    return {
        "kind": facts.kind,
        "container": facts.container,
        "seconds": facts.length_s,
        "width": None if seen is None else seen.width,
        "height": None if seen is None else seen.height,
        "framesASecond": None if video is None else video.frames_a_second,
        "rotation": None if video is None else video.rotation,
        "light": None if video is None else video.light,
        "codec": None if seen is None else seen.codec,
        "audioCodec": None if facts.audio is None else facts.audio.codec,
    }


def _problem(said: dict[str, Any], file: UserFile) -> FileProblem:
    problem = Problem(Code(said["code"]), Weight(said["weight"]), said["facts"])
    is_prepared = bool(file.options.get("prepare", True))
    return {
        "code": problem.code,
        "weight": problem.weight,
        "facts": problem.facts,
        "words": {
            "es": problem.words("es", is_prepared=is_prepared),
            "en": problem.words("en", is_prepared=is_prepared),
        },
    }


def _pieces(file: UserFile) -> Iterator[PieceView]:
    """Yield what was made, and what is going to be."""
    made = {piece.number: piece for piece in pieces.of_file(file.id)}
    planned = {} if file.plan is None else {p.number: p for p in Plan.from_json(file.plan).pieces}
    for number in sorted(made.keys() | planned.keys()):
        piece, wanted = made.get(number), planned.get(number)
        shown = piece or wanted
        yield {
            "number": number,
            "startsAt": 0.0 if wanted is None else wanted.start_s,
            "seconds": None if shown is None else shown.length_s,
            "isReady": piece is not None,
            "bytes": None if piece is None else piece.measured.size,
        }
