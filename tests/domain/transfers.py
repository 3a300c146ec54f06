"""Transfers to decide about, and the moment at which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storyclip.domain.transfer import Transfer
from storyclip.domain.transfer_moves import completing, opened, part_sent
from storyclip.domain.upload import MeasuredFile, Part, Upload

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=2)
MOST = 5
MEDIA = "https://static.metricool.com/video/1/202612/0123456789abcdef.mp4"
SECRET = "X-Amz-Signature=s3cr3t"


def file_of(*sizes: int) -> MeasuredFile:
    """A file whose parts have these sizes."""
    parts, start = [], 0
    for number, size in enumerate(sizes, 1):
        parts.append(Part(number, start, start + size, f"hash{number}="))
        start += size
    return MeasuredFile("video/mp4", "mp4", tuple(parts))


def upload_of(file: MeasuredFile, lives_s: float = 3600) -> Upload:
    many = len(file.parts)
    place = "https://metricool-temp.s3.eu-west-1.amazonaws.com/planner/1/202612/a.mp4"
    urls = tuple(f"{place}?{SECRET}&partNumber={number}" for number in range(1, many + 1))
    return Upload(
        "planner/1/202612/a.mp4",
        "metricool-temp",
        "u1" if many > 1 else None,
        place if many == 1 else None,
        urls,
        lives_s,
    )


def wanted(*sizes: int) -> Transfer:
    return Transfer("2000001", file_of(*(sizes or (900,))))


def going_up(*sizes: int, lives_s: float = 3600) -> Transfer:
    transfer = wanted(*sizes)
    return opened(transfer, upload_of(transfer.file, lives_s), NOW)


def sent(*sizes: int) -> Transfer:
    transfer = going_up(*sizes)
    for part in transfer.file.parts:
        transfer = part_sent(transfer, part, f"etag{part.number}")
    return transfer


def patched(*sizes: int) -> Transfer:
    """A transfer whose PATCH went out, and nobody knows more."""
    return completing(sent(*sizes))
