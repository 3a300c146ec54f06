"""The sorts of problems with taking a file in."""

from __future__ import annotations

from functools import partial

from storyclip.domain import errors, file_errors, upload_errors
from storyclip.web.said.headers import TUS
from storyclip.web.said.problem_kinds import Kind

CHECKSUM_MISMATCH = 460  # of tus, and of nobody else
RETRY_FILES_S = 5

_kind = partial(Kind, of_files=True)

NO_TUS = _kind(
    412,
    "tus_version",
    "Files come by the tus protocol, version 1.0.0",
    f"Send `Tus-Resumable: {TUS}`.",
    {"Tus-Version": TUS},
)
BAD_HEADER = _kind(400, "upload_header_invalid", "A header of the upload is not valid", "")
NOT_BYTES = _kind(
    415,
    "content_type_unsupported",
    "The body is not the bytes of a file",
    "Send `Content-Type: application/offset+octet-stream`.",
)

FILE_KINDS: dict[type[errors.StoryClipError], Kind] = {
    file_errors.FileTooBig: _kind(413, "file_too_big", "The file is too big", ""),
    file_errors.FileFull: _kind(
        413,
        "file_full",
        "More bytes came than were announced",
        "None of what is too much was kept.",
    ),
    file_errors.SpoolFull: _kind(
        507, "spool_full", "There is no room for the file at the moment", "Try it again later."
    ),
    file_errors.SpoolGone: _kind(
        503,
        "spool_gone",
        "The disk of users' files cannot be reached",
        "Nothing more was taken in. Ask for the offset in a moment, and go on from there.",
        {"Retry-After": str(RETRY_FILES_S)},
    ),
    file_errors.TooManyFiles: _kind(
        429,
        "too_many_files",
        "Too many files arrive at once",
        "Send the next when one of them is there.",
        {"Retry-After": str(RETRY_FILES_S)},
    ),
    file_errors.FileInHand: _kind(
        423,
        "file_in_hand",
        "Another request brings bytes of this file",
        "Ask for the offset in a moment, and go on from there.",
    ),
    file_errors.OffsetWrong: _kind(
        409, "offset_wrong", "The bytes do not come right behind those that are there", ""
    ),
    file_errors.ChecksumWrong: _kind(
        CHECKSUM_MISMATCH,
        "checksum_wrong",
        "The bytes are others than those that were sent",
        "None of them was kept: send them again.",
    ),
    file_errors.FileInUse: _kind(409, "file_in_use", "A batch needs the file", ""),
    upload_errors.FileChanged: _kind(
        410, "file_gone", "What was there of the file is gone", "Announce it anew."
    ),
}
