"""A small tus client, that goes on where it was cut off."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import requests

from tests.eventually import eventually

TUS = {"Tus-Resumable": "1.0.0"}
PATIENCE_S = 30.0
AGAIN_S = 0.2
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
        came = [int(begun.headers["Upload-Offset"])]

        def is_whole() -> bool:
            if came[-1] < len(data):
                came.append(self._go_on(where, data))
            return came[-1] == len(data)

        eventually(
            is_whole, PATIENCE_S, otherwise=lambda: f"{came} of {len(data)} came", every_s=AGAIN_S
        )
        return where.rpartition("/")[2]

    def _begun(self, more: dict[str, str]) -> requests.Response:
        url, begun = f"{self._url()}/api/metricool/files", list[requests.Response]()

        def is_heard() -> bool:
            with suppress(requests.ConnectionError):  # whoever answered was killed
                begun.append(requests.post(url, headers=self._headers | more))
            return bool(begun)

        eventually(is_heard, PATIENCE_S, every_s=AGAIN_S)
        assert begun[0].status_code == 201, begun[0].text
        return begun[0]

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
            return 0
        return offset
