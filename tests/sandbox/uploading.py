"""Uploads to a sandbox in this process, step by step."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from typing import Any

from storyclip.sandbox import in_process
from storyclip.sandbox.answers import Answer
from tests.sandbox.conftest import ACCOUNT
from tests.sandbox.here import Here

UPLOADS = "v2/media/s3/upload-transactions"
BUCKET = "metricool-temp"
MP4 = "video/mp4"
FIVE_MIB = 5 * 1024 * 1024  # S3 joins no smaller part but the last


def checksum(body: bytes) -> str:
    return b64encode(sha256(body).digest()).decode()


def halves(body: bytes) -> list[bytes]:
    """A first part that S3 would join, and the rest."""
    return [body[:FIVE_MIB], body[FIVE_MIB:]]


def declaration(bodies: list[bytes], **changes: Any) -> dict[str, Any]:
    """What opens an upload of these parts."""
    ends = [0]
    for body in bodies:
        ends.append(ends[-1] + len(body))
    parts = [
        {"size": end - start, "startByte": start, "endByte": end, "hash": checksum(body)}
        for (start, end), body in zip(pairwise(ends), bodies, strict=True)
    ]
    whole = {"resourceType": "planner", "contentType": MP4, "fileExtension": "mp4", "parts": parts}
    return whole | changes


def data_of(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    data: dict[str, Any] = json.loads(answer.body)["data"]
    return data


def code_of(answer: Answer) -> str:
    """What S3 says went wrong."""
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    assert found is not None, answer.body
    return found[1].decode()


def opened(here: Here, *bodies: bytes) -> dict[str, Any]:
    return data_of(here.ask("PUT", UPLOADS, declaration(list(bodies))))


def put(here: Here, url: str, body: bytes, **headers: str | None) -> Answer:
    """Send bytes under a URL; a header given as None is left out."""
    right = {
        "Content-Type": MP4,
        "Content-Length": str(len(body)),
        "x-amz-checksum-sha256": checksum(body),
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in (right | named).items() if value is not None}
    return in_process.put_part(here.sandbox, url, sent, body)


def completion(upload: dict[str, Any], *etags: str) -> dict[str, Any]:
    if upload["uploadType"] == "SIMPLE":
        return {"simple": {"fileUrl": upload["fileUrl"]}}
    parts = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
    named = {"uploadId": upload["uploadId"], "key": upload["key"]}
    return {"multipart": {**named, "parts": parts}}


def complete(here: Here, upload: dict[str, Any], *etags: str) -> Answer:
    return here.ask("PATCH", UPLOADS, completion(upload, *etags))


def asked(here: Here, upload: dict[str, Any]) -> Answer:
    return here.ask("GET", UPLOADS, key=upload["key"], bucket=BUCKET)


def uploaded(here: Here, body: bytes, account: str = ACCOUNT) -> str:
    """A whole simple upload; its lasting URL."""
    upload = data_of(here.ask("PUT", UPLOADS, declaration([body]), blogId=account))
    assert put(here, upload["presignedUrl"], body).status == 200
    url: str = data_of(complete(here, upload))["convertedFileUrl"]
    return url
