"""A transfer as the JSON that a row keeps between two steps, and back.

It has presigned URLs in it while an upload is open: the row is as secret as they are.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from storyclip.domain.changing import replace
from storyclip.domain.errors import ErrorCode
from storyclip.domain.transfer import Stage, Transfer
from storyclip.domain.upload import MeasuredFile, Part, Upload


def kept(transfer: Transfer) -> str:
    """Return a transfer as JSON."""
    return json.dumps(asdict(transfer), default=datetime.isoformat, separators=(",", ":"))


def restored(text: str) -> Transfer:
    """Return the transfer that `kept` made the JSON of."""
    facts: dict[str, Any] = json.loads(text)
    file, upload = facts["file"], facts["upload"]
    parts = tuple(Part(**part) for part in file["parts"])
    code = facts["error_code"]
    return Transfer(
        **facts
        | {
            "file": MeasuredFile(file["content_type"], file["extension"], parts),
            "stage": Stage(facts["stage"]),
            "upload": None if upload is None else _upload(upload),
            "expires_at": _moment(facts["expires_at"]),
            "etags": tuple(facts["etags"]),
            "again_at": _moment(facts["again_at"]),
            "error_code": None if code is None else ErrorCode(code),
        }
    )


def _upload(facts: dict[str, Any]) -> Upload:
    upload = Upload(**facts)
    return replace(upload, urls=tuple(upload.urls))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
