"""A small tus client, that goes on where it was cut off."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path

import requests

TUS = {"Tus-Resumable": "1.0.0"}
PATIENCE_S = 30.0
AGAIN = (409, 423, 429, 503)  # what a tus client asks about anew


class Tus:
    """Brings files to a service that may die meanwhile; `url` tells where it is now."""

    def __init__(self, url: Callable[[], str], key: str, chunk_bytes: int = 1 << 20) -> None:
        self._url = url
        self._headers = {"X-Api-Key": key, **TUS}
        self._chunk_bytes = chunk_bytes

    def bring(self, path: Path, **words: str) -> str:
        """Bring a file, and return its id."""
        data = path.read_bytes()
        words = {"filename": path.name, **words}
        said = [f"{key} {base64.b64encode(word.encode()).decode()}" for key, word in words.items()]
        more = {"Upload-Length": str(len(data)), "Upload-Metadata": ",".join(said)}
        begun = self._begun(more)
        where = begun.headers["Location"]
        end = time.monotonic() + PATIENCE_S
        offset = int(begun.headers["Upload-Offset"])
        while offset < len(data):
            assert time.monotonic() < end, f"{offset} of {len(data)} bytes came"
            offset = self._go_on(where, data)
        return where.rpartition("/")[2]

    def _begun(self, more: dict[str, str]) -> requests.Response:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                url = f"{self._url()}/api/metricool/files"
                begun = requests.post(url, headers=self._headers | more)
            except requests.ConnectionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
            else:
                assert begun.status_code == 201, begun.text
                return begun

    def show(self, file_id: str) -> dict[str, object]:
        """Return what the service tells of a file."""
        answer = requests.get(f"{self._url()}/api/metricool/files/{file_id}", headers=self._headers)
        shown: dict[str, object] = answer.json()
        return shown

    def _go_on(self, where: str, data: bytes) -> int:
        """Send what is missing, a chunk a request, and return how far it came."""
        url = f"{self._url()}{where}"
        try:
            offset = int(requests.head(url, headers=self._headers).headers["Upload-Offset"])
            while offset < len(data):
                answer = requests.patch(
                    url,
                    data[offset : offset + self._chunk_bytes],
                    headers=self._headers
                    | {
                        "Upload-Offset": str(offset),
                        "Content-Type": "application/offset+octet-stream",
                    },
                )
                if answer.status_code in AGAIN:
                    return offset
                assert answer.status_code == 204, answer.text
                offset = int(answer.headers["Upload-Offset"])
        except (requests.ConnectionError, KeyError):
            time.sleep(0.2)
            return 0
        return offset
