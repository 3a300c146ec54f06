"""The calls that put a file into Metricool, each with everything that its outcome may prove.

What each raises stands at `storyclip.domain.upload.Uploads`. Source: metricool.md §4.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import BinaryIO

from storyclip.domain.budget import Purpose
from storyclip.domain.errors import (
    MediaUnavailable,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamUnanswered,
)
from storyclip.domain.story import MEDIA_DEADLINES
from storyclip.domain.upload import MeasuredFile, Part, Upload, deadline_s
from storyclip.domain.upload_errors import (
    FileChanged,
    FileUnread,
    PartNotSent,
    PartRefused,
    UploadGone,
    UploadMisdirected,
    UploadsOff,
    UploadStopped,
)
from storyclip.upstream import upload_wire, words
from storyclip.upstream.caller import Caller
from storyclip.upstream.exchange import Answer, Request
from storyclip.upstream.part_line import PartCarrier
from storyclip.upstream.reading import parsed

PATH = "/v2/media/s3/upload-transactions"
BLOCK_BYTES = 64 * 1024
PAYMENT_REQUIRED = 402  # no other call was seen to answer it: the plan, as with 403
NO_UPLOADS = "feature not enabled"
OF_THE_MOMENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
S3_SLOW_LINE = "RequestTimeout"  # S3's 400 for a line that it waited for

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")


class MetricoolUploads:
    """One user's uploads; may be shared by threads, and carried over a fork."""

    def __init__(self, calls: Caller, carrier: PartCarrier, monotonic: Callable[[], float]) -> None:
        self._calls = calls
        self._carrier = carrier
        self._monotonic = monotonic

    def open(self, account_id: str, file: MeasuredFile) -> Upload:
        """Have one URL signed for each part of a file."""
        request = self._calls.request("PUT", PATH, account_id, body=upload_wire.declaration(file))
        try:
            answer = self._calls.ask(request, self._calls.over_at(), Purpose.PUBLISHING)
        except UpstreamUnanswered as silence:
            raise MediaUnavailable(str(silence)) from None
        self._raise_if_denied_or_busy(answer)
        if answer.status != HTTPStatus.OK:
            self._raise_if_refused(answer)
            raise MediaUnavailable(f"Metricool opened no upload (HTTP {answer.status})")
        upload = upload_wire.opened(parsed(answer.body), file, self._calls.clock.now())
        for objection in filter(None, map(self._carrier.objection_to, upload.urls)):
            raise UploadMisdirected(f"Metricool named a place for the file, but {objection}")
        return upload

    def send_part(
        self,
        upload: Upload,
        file: MeasuredFile,
        part: Part,
        source: BinaryIO,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> str:
        """Send one part in blocks; without credentials, for it goes to Amazon."""
        headers = {
            "Content-Type": file.content_type,
            "Content-Length": str(part.size),
            "x-amz-checksum-sha256": part.sha256,
        }
        blocks = _blocks(source, part, should_stop, on_progress)
        over_at = self._monotonic() + deadline_s(part.size)
        answer = self._carrier.put(upload.urls[part.number - 1], headers, blocks, over_at)
        code = _code_in(answer)
        if answer.status >= 500 or answer.status in OF_THE_MOMENT or code == S3_SLOW_LINE:
            raise PartNotSent(f"Amazon did not take the part: {code}")
        if not 200 <= answer.status < 300:
            raise PartRefused(code, answer.status)
        etag = answer.headers.get("Etag", "").strip().removeprefix("W/").strip('"')
        if not etag and not upload.is_simple:
            raise PartNotSent("Amazon took the part, but did not say as what")
        return etag

    def complete(self, account_id: str, upload: Upload, etags: Sequence[str]) -> str:
        """Have what was sent moved to where it lasts; told once, and long enough for a copy."""
        body = upload_wire.completion(upload, etags)
        request = self._calls.request("PATCH", PATH, account_id, body=body)
        answer = self._calls.tell(request, deadlines=MEDIA_DEADLINES)
        self._raise_if_denied_or_busy(answer)
        if answer.status == HTTPStatus.OK:
            url = upload_wire.lasting_url(parsed(answer.body), upload)
            if url is None:
                raise UpstreamUnanswered("Metricool completed an upload and told no URL for it")
            return url
        if _knows_no_such_upload(answer):
            raise UploadGone("Metricool knows no such upload")
        self._raise_if_refused(answer)
        raise UpstreamUnanswered(f"HTTP {answer.status} says neither completed nor refused")

    def size_of(self, account_id: str, upload: Upload) -> int | None:
        """Return how many bytes lie under the key, None when there are none."""
        request = self._about("GET", account_id, upload)
        answer = self._calls.look(request, is_fine=_knows_no_such_upload)
        if answer.status != HTTPStatus.OK:
            return None
        return upload_wire.size_of(parsed(answer.body))

    def abort(self, account_id: str, upload: Upload) -> None:
        """Have what was sent forgotten."""
        request = self._about("DELETE", account_id, upload)
        try:
            answer = self._calls.ask(request, self._calls.over_at(), Purpose.LOOK)
        except UpstreamUnanswered as silence:
            raise UpstreamLookFailed(str(silence)) from None
        self._calls.raise_if_not_fine(
            answer, lambda said: said.status == HTTPStatus.NO_CONTENT or _knows_no_such_upload(said)
        )

    def _about(self, method: str, account_id: str, upload: Upload) -> Request:
        named = {"key": upload.key, "bucket": upload.bucket}
        if upload.upload_id is not None and method == "DELETE":
            named["uploadId"] = upload.upload_id
        return self._calls.request(method, PATH, account_id, named)

    def _raise_if_denied_or_busy(self, answer: Answer) -> None:
        """Raise what the account or the plan does not allow, under its own name."""
        said = words.any_words(parsed(answer.body), answer.body, answer.status)
        if answer.status == HTTPStatus.FORBIDDEN and NO_UPLOADS in said.lower():
            raise UploadsOff("Metricool's plan has no uploads: feature not enabled", answer.status)
        if answer.status == PAYMENT_REQUIRED:
            raise UpstreamDenied("Metricool wants this plan paid for (HTTP 402)", answer.status)
        self._calls.raise_if_denied_or_busy(answer)

    def _raise_if_refused(self, answer: Answer) -> None:
        if 400 <= answer.status < 500:
            self._calls.raise_if_refused(answer)


def _blocks(
    source: BinaryIO,
    part: Part,
    should_stop: Callable[[], bool],
    on_progress: Callable[[int], None],
) -> Iterator[bytes]:
    """Read a part from its file, never more of it than a block at a time.

    Raises:
        UploadStopped, FileChanged, FileUnread
    """
    left = part.size
    while left:
        if should_stop():
            raise UploadStopped("the clip is not to be sent now")
        try:
            if left == part.size:
                source.seek(part.start)
            block = source.read(min(BLOCK_BYTES, left))
        except OSError as mishap:
            raise FileUnread(f"the file cannot be read: {mishap.strerror}") from None
        if not block:
            raise FileChanged(f"the file ends {left:,} bytes too soon")
        yield block
        left -= len(block)
        on_progress(part.size - left)


def _code_in(answer: Answer) -> str:
    """Return S3's word for what went wrong; the rest of its answer repeats the signature."""
    found = _CODE.search(answer.body)
    return found[1].decode() if found else f"HTTP {answer.status}"


def _knows_no_such_upload(answer: Answer) -> bool:
    """Return whether Metricool itself says so: in its envelope, or with the empty body of Spring.

    A gateway that has lost its Metricool says 404 as well, with a page of its own.
    """
    if answer.status != HTTPStatus.NOT_FOUND:
        return False
    if not answer.body:
        return answer.has_marked_end
    return words.refusal_words(parsed(answer.body)) is not None
