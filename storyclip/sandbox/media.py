"""Copying a clip to Metricool's own host. Source: metricool.md §4.1."""

from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

from storyclip.sandbox.answers import TEXT, Answer, page
from storyclip.sandbox.ledger import fact
from storyclip.sandbox.refusals import Refused
from storyclip.sandbox.request import Call
from storyclip.sandbox.service import Sandbox

UNREACHABLE_HOST = "unreachable.example"


def normalize(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Copy a clip and answer its new URL as text, another one for each call."""
    accept = call.request.headers.get("Accept", "*/*")
    if not any(kind in accept for kind in ("*/*", "text/*", "text/plain")):
        raise Refused(406, "NotAcceptable", "Could not find acceptable representation")
    source = call.needed("url")
    if urlsplit(source).scheme not in ("http", "https") or UNREACHABLE_HOST in source:
        return page(200)
    url = _copy_of(source, sandbox, now_ms)
    if sandbox.faults.take("normalize_echo", call.subject):
        url = source
    known = sandbox.world.known
    same = known.copy_of.get(source)
    if same is not None and sandbox.faults.take("normalize_same", call.subject):
        url = same
    known.copied(source, url)
    line = fact("normalized", call.record.account, None, media=url, source=source, by="api")
    sandbox.ledger.append(now_ms, [line])
    call.record.media = url
    quote = '"' if sandbox.faults.take("normalize_quoted", call.subject) else ""
    return Answer(body=f"{quote}{url}{quote}".encode(), content_type=TEXT)


def _copy_of(source: str, sandbox: Sandbox, now_ms: int) -> str:
    """Random to look at, and yet the same in every run with the same calls."""
    month = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y%m")
    seed = f"{sandbox.world.known.copies} {now_ms} {source}"
    name = f"{sandbox.user_id}-{sha256(seed.encode()).hexdigest()[:16]}.mp4"
    return f"https://static.metricool.com/video/{month}/{name}"
