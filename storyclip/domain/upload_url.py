"""Where Metricool may have us send a file: to itself and to Amazon's S3, over https alone.

A presigned URL comes in an answer, so it is a stranger's word: without this, whoever could put one
there would have files, and a connection from inside, wherever they like.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_UPLOAD_URL = 8192  # with a session's token in it a signed URL has some 2,000 characters

_VISIBLE = re.compile(r"[!-~]+")
# Not amazonaws.com as a whole: everybody's own machines have names in it.
_S3 = re.compile(r"([a-z0-9-]+\.)*s3([.-][a-z0-9-]+)*\.amazonaws\.com")
_METRICOOL = re.compile(r"([a-z0-9-]+\.)*metricool\.com")


def objection_to_upload_url(url: str) -> str | None:
    """Return why no file is sent to `url`, None if it may be. The URL itself stays unsaid."""
    if len(url) > MAX_UPLOAD_URL or not _VISIBLE.fullmatch(url) or "\\" in url:
        return "it is no URL"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme != "https":
        return "it is not https"
    if "@" in parts.netloc or port not in (None, 443):
        return "it has a user or a port"
    host = (parts.hostname or "").lower()
    if not (_S3.fullmatch(host) or _METRICOOL.fullmatch(host)):
        return "its host is neither Amazon's S3 nor Metricool's"
    return None
