"""The JSON of uploads and our words for it; no input or output here. Source: metricool.md §4.2."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from storyclip.domain.errors import MediaUnavailable, UpstreamLookFailed
from storyclip.domain.upload import MeasuredFile, Part, Upload
from storyclip.upstream.reading import data_of, text_of
from storyclip.upstream.wire import is_url

LIFETIME_S = 3600.0  # captured; what a URL is said to live on when nobody tells the time


def declaration(file: MeasuredFile) -> dict[str, Any]:
    """Return the JSON that has one URL signed a part."""
    parts = [
        {"size": part.size, "startByte": part.start, "endByte": part.end, "hash": part.sha256}
        for part in file.parts
    ]
    return {
        "resourceType": "planner",
        "contentType": file.content_type,
        "fileExtension": file.extension,
        "parts": parts,
    }


def opened(answer: Any, file: MeasuredFile, their_now: datetime | None) -> Upload:
    """Return the upload in the answer.

    Raises:
        MediaUnavailable: there is none of the documented form, or one of other parts.
    """
    try:
        data = data_of(answer, dict)
    except UpstreamLookFailed as unreadable:
        raise MediaUnavailable(str(unreadable)) from None
    key, bucket = text_of(data.get("key")), text_of(data.get("bucket"))
    upload_id, file_url = text_of(data.get("uploadId")), text_of(data.get("fileUrl"))
    if len(file.parts) == 1 and data.get("presignedUrl") is not None:
        urls, upload_id = [data["presignedUrl"]], None
        is_usable = file_url is not None
    else:
        urls = [_url_of(data.get("parts"), part) for part in file.parts]
        is_usable = upload_id is not None
    if key is None or bucket is None or not is_usable or not all(map(_is_text, urls)):
        raise MediaUnavailable("Metricool opened an upload of another form than it documents")
    lives_s = _lives_s(data.get("expiresAt"), their_now)
    return Upload(key, bucket, upload_id, file_url, tuple(urls), lives_s)


def completion(upload: Upload, etags: Sequence[str]) -> dict[str, Any]:
    """Return the JSON that has an upload completed."""
    if upload.is_simple:
        return {"simple": {"fileUrl": upload.file_url}}
    parts = [{"partNumber": number, "etag": f'"{tag}"'} for number, tag in enumerate(etags, 1)]
    return {"multipart": {"uploadId": upload.upload_id, "key": upload.key, "parts": parts}}


def lasting_url(answer: Any, upload: Upload) -> str | None:
    """Return where the file is for good, or None when the answer does not say.

    `fileUrl` is it only where it is another one than that of the bucket, which is empty now.
    """
    try:
        data = data_of(answer, dict)
    except UpstreamLookFailed:
        return None
    for name in ("convertedFileUrl", "fileUrl"):
        url = data.get(name)
        is_lasting = name == "convertedFileUrl" or not _is_in_bucket(url, upload)
        if isinstance(url, str) and is_url(url) and is_lasting:
            return url
    return None


def size_of(answer: Any) -> int:
    """Return how many bytes the answer shows under a key.

    Raises:
        UpstreamLookFailed: it shows no such thing.
    """
    size = data_of(answer, dict).get("size")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise UpstreamLookFailed("Metricool does not say how large the upload is")
    return size


def _url_of(parts: Any, part: Part) -> Any:
    """Return the URL of a part, which is looked for by its number and has to be of its bytes."""
    for one in parts if isinstance(parts, list) else ():
        if isinstance(one, dict) and one.get("partNumber") == part.number:
            same = one.get("startByte", part.start), one.get("endByte", part.end)
            return one.get("presignedUrl") if same == (part.start, part.end) else None
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_in_bucket(url: Any, upload: Upload) -> bool:
    return url == upload.file_url or (isinstance(url, str) and upload.bucket in url)


def _lives_s(expires_at: Any, their_now: datetime | None) -> float:
    """Return the seconds to a moment that is a number of them, or a date as the schema says."""
    if their_now is None:
        return LIFETIME_S
    if isinstance(expires_at, str):
        try:
            moment = datetime.fromisoformat(expires_at)
        except ValueError:
            return LIFETIME_S
        expires_at = moment.timestamp() if moment.tzinfo else None
    if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
        return LIFETIME_S
    return max(0.0, min(float(expires_at) - their_now.timestamp(), LIFETIME_S))
