"""What S3 says to a PUT under a presigned URL. Source: metricool.md §4.2, and S3's own errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from storyclip.sandbox.answers import Answer, Wire
from storyclip.sandbox.bucket import NAME, Body, Part, PartRecord, Upload
from storyclip.sandbox.faults import Fault, Subject
from storyclip.sandbox.service import Sandbox

XML = "application/xml"
MISMATCH = (
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided.",
)
EXPIRED = ("AccessDenied", "Request has expired")
MAX_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Put:
    """The head of a PUT; `path` may begin with the bucket's name, in place of the host."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # spelled as in metricool.md §4.2


class Receiving:
    """A PUT whose head is fine: takes its bytes, then answers."""

    def __init__(self, sandbox: Sandbox, upload: Upload, part: Part, about: Subject) -> None:
        take = sandbox.faults.take
        self._faults, self._about = sandbox.faults, about
        self._upload, self._part, self._body = upload, part, Body()
        self._cut_at = part.size // 2 if take("part_cut", about) else None
        slow = take("part_slow", about)
        self.pause_s = (slow.seconds or 0.0) if slow else 0.0  # before the first byte is read
        self.record = PartRecord(upload.key, part.number, part.size)
        sandbox.bucket.records.append(self.record)

    @property
    def is_cut(self) -> bool:
        """Whether the line is to be cut now."""
        return self._cut_at is not None and self._body.size >= self._cut_at

    def write(self, block: bytes) -> None:
        self._body.write(block)
        self.record.received = self._body.size

    def end(self) -> Answer:
        """Keep the part if it is what was declared."""
        if self._body.size != self._part.size or self._body.checksum != self._part.checksum:
            self.record.status = 403
            return _error(403, *MISMATCH, self._part.signature)
        self._part.body = self._body
        self.record.status, self.record.sha256 = 200, self._body.sha256
        if self._faults.take("part_then_drop", self._about):
            self.record.status = "dropped"
            return Answer(wire=Wire.DROPPED)
        quote = "" if self._faults.take("part_etag_bare", self._about) else '"'
        return Answer(content_type="", headers={"ETag": f"{quote}{self._part.etag}{quote}"})


def begin(sandbox: Sandbox, put: Put, now_ms: int) -> Receiving | Answer:
    """Look at the head of a PUT; an Answer refuses it before a byte of the body is read."""
    signature = put.query.get("X-Amz-Signature", "")
    upload = sandbox.bucket.uploads.get(put.path.lstrip("/").removeprefix(f"{NAME}/"))
    if upload is None or put.query.get("uploadId") != upload.upload_id:
        return _error(404, "NoSuchUpload", "The specified upload does not exist.", signature)
    part = next((one for one in upload.parts if one.signature == signature), None)
    if part is None or not _is_as_declared(put, upload, part):
        return _error(403, *MISMATCH, signature)
    if now_ms + sandbox.world.skew_ms >= upload.expires_ms:
        return _error(403, *EXPIRED, signature)
    about = Subject(upload.account, (), (upload.key, part.checksum), "part")
    refusal = _by_fault(sandbox.faults.take("part_refused", about), 403, "AccessDenied", signature)
    refusal = refusal or _by_fault(
        sandbox.faults.take("part_busy", about), 503, "SlowDown", signature
    )
    if refusal is not None:
        record = PartRecord(upload.key, part.number, part.size, 0, refusal.status)
        sandbox.bucket.records.append(record)
        return refusal
    return Receiving(sandbox, upload, part, about)


def put_part(sandbox: Sandbox, put: Put, body: bytes, now_ms: int) -> Answer:
    """A whole PUT at one moment, for a sandbox without HTTP."""
    receiving = begin(sandbox, put, now_ms)
    if isinstance(receiving, Answer):
        return receiving
    for start in range(0, len(body), MAX_BLOCK):
        receiving.write(body[start : start + MAX_BLOCK])
        if receiving.is_cut:
            return Answer(wire=Wire.DROPPED)
    answer = receiving.end()
    answer.wait_s = receiving.pause_s
    return answer


def _is_as_declared(put: Put, upload: Upload, part: Part) -> bool:
    return (
        put.query.get("partNumber", "1") == str(part.number)
        and put.headers.get("Content-Type") == upload.content_type
        and put.headers.get("Content-Length") == str(part.size)
        and put.headers.get("x-amz-checksum-sha256") == part.checksum
        and "X-Mc-Auth" not in put.headers  # their token is none of Amazon's business
    )


def _by_fault(fault: Fault | None, status: int, code: str, signature: str) -> Answer | None:
    if fault is None:
        return None
    return _error(fault.status or status, fault.words or code, "fault of the sandbox", signature)


def _error(status: int, code: str, message: str, signature: str) -> Answer:
    """S3's error, which repeats what it was sent, secrets and all."""
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<SignatureProvided>{escape(signature)}</SignatureProvided>"
        "<RequestId>SANDBOX</RequestId></Error>"
    )
    return Answer(status, xml.encode(), XML, {"Content-Type": XML})
