"""The four calls that put a file's bytes into Metricool. Source: metricool.md §4.2."""

import re
from base64 import b64decode
from typing import Any

from storyclip.sandbox.answers import Answer, Wire, data
from storyclip.sandbox.bucket import LIFETIME_S, MIN_PART_BYTES, NAME, Part, Upload
from storyclip.sandbox.clock import rfc3339
from storyclip.sandbox.ledger import fact
from storyclip.sandbox.refusals import forbidden, invalid, not_found
from storyclip.sandbox.request import Call
from storyclip.sandbox.requested import json_object
from storyclip.sandbox.service import Sandbox

RESOURCES = ("planner", "studio-logo")
EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")


def open_upload(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Sign one URL a part; the bytes go to Amazon."""
    if sandbox.faults.take("uploads_off", call.subject):
        raise forbidden("Feature not enabled for user")
    body = json_object(call.request.body)
    if str(body.get("resourceType")).lower() not in RESOURCES:
        raise invalid({"body.resourceType": f"is one of {', '.join(RESOURCES)}"})
    content_type, extension = body.get("contentType"), body.get("fileExtension")
    if not isinstance(content_type, str) or not content_type:
        raise invalid({"body.contentType": "must not be null"})
    if not isinstance(extension, str) or not EXTENSION.fullmatch(extension):
        raise invalid({"body.fileExtension": "must not be null"})
    parts = _declared(body.get("parts"))
    fault = sandbox.faults.take("upload_expires", call.subject)
    seconds = LIFETIME_S if fault is None or fault.seconds is None else fault.seconds
    known, own_ms = sandbox.world.known, now_ms + sandbox.world.skew_ms
    known.uploads += 1
    upload = sandbox.bucket.open(
        call.account, known.uploads, content_type, extension, parts, own_ms, round(seconds * 1000)
    )
    if sandbox.faults.take("open_then_drop", call.subject):
        return Answer(wire=Wire.DROPPED)
    return data(_shown(sandbox, upload))


def complete_upload(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Move a whole upload to where it lasts, under a URL that is its own alone."""
    upload = _meant(sandbox, call)
    digest, size = sandbox.bucket.complete(upload)
    media, source = _lasting_url(upload), f"sha256:{digest}"
    sandbox.world.known.uploaded(source, media, upload.number)
    line = fact("uploaded", call.account, None, media=media, source=source, by="api")
    more = {"sha256": digest, "bytes": size, "parts": len(upload.parts), "number": upload.number}
    sandbox.ledger.append(now_ms, [line | more])
    call.record.media, call.record.source = media, source
    if sandbox.faults.take("complete_then_drop", call.subject):
        return Answer(wire=Wire.DROPPED)
    named = {"key": upload.key, "bucket": NAME, "fileUrl": sandbox.bucket.file_url(upload)}
    converted = {"convertedFileUrl": media}
    if sandbox.faults.take("complete_without_url", call.subject):
        converted = {}
    return data({**named, "etag": None, **converted})


def ask_upload(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """What lies in the bucket under a key: a simple upload that came and was not completed."""
    del now_ms
    upload = sandbox.bucket.uploads.get(call.needed("key"))
    is_there = upload is not None and upload.upload_id is None and upload.is_whole
    if upload is None or not is_there or call.needed("bucket") != NAME:
        raise not_found("Upload")
    return data(
        {
            "key": upload.key,
            "bucket": NAME,
            "fileUrl": sandbox.bucket.file_url(upload),
            "size": upload.size,
            "contentType": upload.content_type,
            "lastModified": rfc3339(upload.opened_ms),
            "etag": f'"{upload.parts[0].etag}"',
        }
    )


def abort_upload(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    del now_ms
    upload = sandbox.bucket.uploads.get(call.needed("key"))
    if upload is None or (call.query("uploadId") or None) != upload.upload_id:
        raise not_found("Upload")
    sandbox.bucket.forget(upload)
    return Answer(204, content_type="")


def _declared(parts: Any) -> list[Part]:
    if not isinstance(parts, list) or not parts:
        raise invalid({"body.parts": "must not be empty"})
    declared: list[Part] = []
    for number, part in enumerate(parts, 1):
        end = declared[-1].end if declared else 0
        if not _is_part(part, end):
            raise invalid({f"body.parts[{number - 1}]": "its size, bytes or hash are wrong"})
        declared.append(Part(number, end, part["endByte"], part["hash"]))
    return declared


def _is_part(part: Any, start: int) -> bool:
    if not isinstance(part, dict) or not isinstance(part.get("hash"), str):
        return False
    size, end = part.get("size"), part.get("endByte")
    if type(size) is not int or type(end) is not int or part.get("startByte") != start:
        return False
    try:
        is_sha256 = len(b64decode(part["hash"], validate=True)) == 32
    except ValueError:
        return False
    return is_sha256 and size > 0 and end == start + size


def _shown(sandbox: Sandbox, upload: Upload) -> dict[str, Any]:
    """The captured shapes: `expiresAt` is a number, whatever the schema says."""
    answer: dict[str, Any] = {
        "key": upload.key,
        "bucket": NAME,
        "expiresAt": upload.expires_ms / 1000,
        "totalSize": upload.size,
        "uploadId": upload.upload_id,
    }
    if upload.upload_id is None:
        url = upload.parts[0].url
        file_url = sandbox.bucket.file_url(upload)
        simple = {"fileUrl": file_url, "presignedUrl": url, "parts": None}
        return {**answer, **simple, "uploadType": "SIMPLE"}
    parts = [
        {
            "partNumber": part.number,
            "presignedUrl": part.url,
            "partSize": part.size,
            "startByte": part.start,
            "endByte": part.end,
        }
        for part in upload.parts
    ]
    return {**answer, "uploadType": "MULTIPART", "parts": parts}


def _meant(sandbox: Sandbox, call: Call) -> Upload:
    """The upload that a PATCH completes.

    Raises:
        Refused: 404 when there is none or nothing came of it, 400 for parts S3 would not join.
    """
    body, uploads = json_object(call.request.body), sandbox.bucket.uploads
    if isinstance(simple := body.get("simple"), dict):
        for upload in uploads.values():
            is_meant = sandbox.bucket.file_url(upload) == simple.get("fileUrl")
            if is_meant and upload.upload_id is None and upload.is_whole:
                return upload
        raise not_found("Upload")
    if not isinstance(multipart := body.get("multipart"), dict):
        raise invalid({"body": "simple or multipart must not be null"})
    found = uploads.get(str(multipart.get("key")))
    if found is None or found.upload_id is None or found.upload_id != multipart.get("uploadId"):
        raise not_found("Upload")
    if _numbered(multipart.get("parts")) != [(one.number, one.etag) for one in found.parts]:
        raise invalid("InvalidPart: one or more of the specified parts could not be found")
    if any(part.size < MIN_PART_BYTES for part in found.parts[:-1]):
        raise invalid("EntityTooSmall: a part is smaller than the minimum allowed size")
    return found


def _numbered(parts: Any) -> list[tuple[Any, str]]:
    """Numbers and ETags, with or without quotes."""
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return []
    return [(part.get("partNumber"), str(part.get("etag")).strip('"')) for part in parts]


def _lasting_url(upload: Upload) -> str:
    """Another URL for each upload, even of the same bytes; MOV comes out as MP4."""
    _, user, month, name = upload.key.split("/")
    return f"https://static.metricool.com/video/{user}/{month}/{name[:16]}.mp4"
