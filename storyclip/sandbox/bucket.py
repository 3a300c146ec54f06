"""Amazon's side of an upload: transactions, the parts that came, and what S3 says to each PUT.

Bytes are kept in files without a name until the upload is completed, and forgotten then: the
ledger has their SHA-256. What was under way a restarted sandbox has forgotten, as if expired.
"""

import hashlib
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

NAME = "metricool-temp"
AMAZON = f"https://{NAME}.s3.eu-west-1.amazonaws.com"  # a sandbox without HTTP says so, as theirs
LIFETIME_S = 3600.0  # of a presigned URL, metricool.md §4.2
FORGOTTEN_AFTER_MS = 86_400_000
MIN_PART_BYTES = 5 * 1024 * 1024  # S3's, for all parts but the last
IN_MEMORY_BYTES = 1 << 20


@dataclass(slots=True, eq=False)
class Part:
    """What was declared of a part, and what came of it."""

    number: int
    start: int
    end: int
    checksum: str  # base64 of the SHA-256, as it was declared
    url: str = ""
    signature: str = ""
    body: "Body | None" = None

    @property
    def size(self) -> int:
        return self.end - self.start

    @property
    def etag(self) -> str | None:
        return None if self.body is None else self.body.etag


@dataclass(slots=True, eq=False)
class Upload:
    """One transaction; `upload_id` is None where it has one part, which S3 calls simple."""

    account: str
    number: int
    key: str
    upload_id: str | None
    content_type: str
    extension: str
    parts: list[Part]
    opened_ms: int
    expires_ms: int  # of its URLs, by Metricool's own clock

    @property
    def size(self) -> int:
        return self.parts[-1].end

    @property
    def is_whole(self) -> bool:
        return all(part.body is not None for part in self.parts)


@dataclass(slots=True, eq=False)
class PartRecord:
    """One PUT of a part that S3 took on, for GET /control/parts."""

    key: str
    number: int
    size: int
    received: int = 0
    status: int | str = "cut"
    sha256: str | None = None


@dataclass(slots=True, eq=False)
class Bucket:
    user_id: int
    secret: str
    base_url: str = AMAZON
    uploads: dict[str, Upload] = field(default_factory=dict)  # by key
    records: list[PartRecord] = field(default_factory=list)

    def open(
        self,
        account: str,
        number: int,
        content_type: str,
        extension: str,
        parts: list[Part],
        now_ms: int,
        lifetime_ms: int,
    ) -> Upload:
        """Begin an upload, with one presigned URL a part."""
        for old in [one for one in self.uploads.values() if _is_old(one, now_ms)]:
            self.forget(old)
        month = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y%m")
        seed = f"{self.secret} {number} {now_ms} {account}"
        name = hashlib.sha256(seed.encode()).hexdigest()
        key = f"planner/{self.user_id}/{month}/{name[:32]}.{extension}"
        upload_id = f"{name[32:]}.{number}" if len(parts) > 1 else None
        upload = Upload(
            account, number, key, upload_id, content_type, extension, parts, now_ms,
            now_ms + lifetime_ms,
        )  # fmt: skip
        for part in parts:
            self._sign(upload, part, lifetime_ms)
        self.uploads[key] = upload
        return upload

    def file_url(self, upload: Upload) -> str:
        return f"{self.base_url}/{upload.key}"

    def complete(self, upload: Upload) -> tuple[str, int]:
        """Take a whole upload out of the bucket; return its SHA-256 and its size in bytes.

        A simple one may be sent again under its URL while that lives; an upload id is used up.
        """
        digest = _sha256_of([part.body for part in upload.parts if part.body is not None])
        _drop_bodies(upload)
        if upload.upload_id is not None:
            del self.uploads[upload.key]
        return digest, upload.size

    def forget(self, upload: Upload) -> None:
        _drop_bodies(upload)
        del self.uploads[upload.key]

    def clear(self) -> None:
        for upload in list(self.uploads.values()):
            self.forget(upload)
        self.records.clear()

    def _sign(self, upload: Upload, part: Part, lifetime_ms: int) -> None:
        seed = f"{self.secret} {upload.key} {part.number} {part.checksum} {part.size}"
        part.signature = hashlib.sha256(seed.encode()).hexdigest()
        at = datetime.fromtimestamp(upload.opened_ms // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        of_many = f"&partNumber={part.number}&uploadId={upload.upload_id}"
        part.url = (
            f"{self.file_url(upload)}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"
            f"&X-Amz-Credential=ASIASANDBOX%2F{at[:8]}%2Feu-west-1%2Fs3%2Faws4_request"
            f"&X-Amz-Date={at}&X-Amz-Expires={lifetime_ms // 1000}"
            f"&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256"
            f"&X-Amz-Signature={part.signature}{of_many if upload.upload_id else ''}"
        )


class Body:
    """The bytes of one part, on their way in and then as they came."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def __del__(self) -> None:
        """Close the file with whoever kept it: it has no name."""
        self._file.close()

    def write(self, block: bytes) -> None:
        self._file.write(block)
        self._sha256.update(block)
        self._md5.update(block)
        self.size += len(block)

    def blocks(self) -> Iterator[bytes]:
        self._file.seek(0)
        while block := self._file.read(1 << 20):
            yield block

    @property
    def etag(self) -> str:
        return self._md5.hexdigest()

    @property
    def checksum(self) -> str:
        return b64encode(self._sha256.digest()).decode()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


def _sha256_of(bodies: list[Body]) -> str:
    if len(bodies) == 1:
        return bodies[0].sha256  # nobody waits for a hash that is known
    whole = hashlib.sha256()
    for body in bodies:
        for block in body.blocks():
            whole.update(block)
    return whole.hexdigest()


def _is_old(upload: Upload, now_ms: int) -> bool:
    return upload.opened_ms + FORGOTTEN_AFTER_MS < now_ms


def _drop_bodies(upload: Upload) -> None:
    for part in upload.parts:
        part.body = None
