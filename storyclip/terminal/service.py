"""The service's API, as a client speaks to it: one request, and what its answer means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from config.addresses import is_loopback

CONNECT_S = 5.0
ANSWER_S = 30.0
SILENCE_S = 40.0  # the stream beats every 15 s: this silent, the line is dead
PIECE_BYTES = 65536
API = "/api/metricool/"
FILES = f"{API}files/"
MAX_SAID = 300  # characters of an answer that is none of ours
AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
LINE_S = 30.0  # without one block leaving, the line is dead
HASHED_S = 120.0  # the service reads a whole file once more before it says that it is there
PASSING = {  # what the service objects to, and not for long
    "idempotency_key_busy",
    "offset_wrong",  # bytes of a line that was thought dead
    "file_in_hand",  # such a line
}
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}

Json = dict[str, Any]


class Refused(Exception):
    """The service said no, and will again; `faults` are (JSON pointer, detail) pairs."""

    def __init__(self, words: str, faults: list[tuple[str, str]] | None = None) -> None:
        super().__init__(words)
        self.faults = faults or []


class Gone(Refused):
    """What was asked about is not there, or not any more."""


class Unreachable(Exception):
    """No usable answer this time; `retry_after_s` is what the service asked for, else 0."""

    def __init__(self, words: str, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s


class Service:
    """One installation, spoken to with one key, which travels in a header and nowhere else."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = not is_loopback(url)  # no proxy knows this machine's ports
        # Not `Authorization`: requests would put what a .netrc says in its place.
        self._session.headers.update({"X-Api-Key": key, "Accept-Encoding": "identity"})

    def publish(self, body: bytes, idempotency_key: str) -> Json:
        """Have a batch made, and return the service's answer.

        Raises:
            Refused: it is not made, whatever is tried.
            Unreachable: it may have been made; ask again with the same `idempotency_key`.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        answer = self._ask(
            "POST", "publish/stories", headers=headers, data=body, timeout=(CONNECT_S, ANSWER_S)
        )
        made = _json(answer)
        if made is None or "batchId" not in made:
            raise Refused(_not_ours(self.url, answer.text))
        return made

    def stream(self, batch_id: str | None, cursor: str) -> Iterator[bytes]:
        """Yield the pieces of the stream after `cursor` until the service ends it.

        Raises:
            Refused: there is no such stream for this key.
            Unreachable: it could not be opened, or broke.
        """
        answer = self._ask(
            "GET",
            "stream",
            params={} if batch_id is None else {"batchId": batch_id},
            headers={"Last-Event-ID": cursor} if cursor else {},
            stream=True,
            timeout=(CONNECT_S, SILENCE_S),
        )
        with closing(answer):
            if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise Refused(_not_ours(self.url, answer.headers.get("Content-Type", "")))
            try:
                while piece := answer.raw.read1(PIECE_BYTES):
                    yield piece
            except HTTPError as broken:
                raise Unreachable("the connection broke") from broken

    def announce(self, size: int, metadata: str) -> tuple[str, int]:
        """Announce a file by tus, and return where its bytes go and how many are there already.

        Raises:
            Refused, Unreachable: it was not announced, or that is unknown; ask again.
        """
        said = {"Upload-Length": str(size), "Upload-Metadata": metadata}
        answer = self._ask("POST", "files", headers=TUS | said, timeout=(CONNECT_S, ANSWER_S))
        where = urlsplit(answer.headers.get("Location", "")).path
        if not where.startswith(FILES):  # the key goes nowhere else
            raise Refused(_not_ours(self.url, where))
        return where.removeprefix(API), self._offset(answer)

    def received(self, place: str) -> int:
        """Return how many bytes of a file are there.

        Raises:
            Gone, Refused, Unreachable
        """
        return self._offset(self._ask("HEAD", place, headers=TUS, timeout=(CONNECT_S, ANSWER_S)))

    def bring(self, place: str, offset: int, rest: Iterable[bytes]) -> int:
        """Send bytes of a file from `offset` on, and return how many are there then.

        Raises:
            Gone, Refused, Unreachable: ask how many are there.
        """
        said = {"Upload-Offset": str(offset)}
        timeout = (LINE_S, HASHED_S)
        answer = self._ask("PATCH", place, headers=TUS | BYTES | said, data=rest, timeout=timeout)
        return self._offset(answer)

    def file(self, file_id: str) -> Json:
        """Return what became of a file.

        Raises:
            Gone, Refused, Unreachable
        """
        answer = self._ask("GET", f"files/{file_id}", headers={}, timeout=(CONNECT_S, ANSWER_S))
        shown = _json(answer)
        if shown is None or "state" not in shown:
            raise Refused(_not_ours(self.url, answer.text))
        return shown

    def _offset(self, answer: requests.Response) -> int:
        said = answer.headers.get("Upload-Offset", "")
        if not (said.isascii() and said.isdigit()):
            raise Refused(_not_ours(self.url, answer.text))
        return int(said)

    def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str], **how: Any
    ) -> requests.Response:
        url = f"{self.url}{API}{path}"
        try:
            # A redirect would carry the key to wherever it points.
            answer = self._session.request(
                method, url, headers=headers, allow_redirects=False, **how
            )
        except requests.ConnectionError as silence:
            raise Unreachable(f"{self.url} cannot be reached") from silence
        except requests.Timeout as silence:
            raise Unreachable(f"{self.url} does not answer") from silence
        except (requests.RequestException, UnicodeError) as mistake:
            raise Refused(f"{self.url} cannot be asked: {mistake}") from mistake
        if answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        with closing(answer):
            raise _objection(self.url, answer)


def _objection(url: str, answer: requests.Response) -> Refused | Unreachable:
    status, location = answer.status_code, answer.headers.get("Location")
    if status < HTTPStatus.BAD_REQUEST:
        return Refused(f"{url} sends elsewhere, to {location}. Use the right address.")
    problem = _json(answer) or {}
    if "code" not in problem:
        problem = {}
    title = problem.get("title") or f"{url} answers {status} {answer.reason}"
    if (words := problem.get("words")) is not None:
        title = words["en"]
    is_passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in AGAIN
    if is_passing or problem.get("code") in PASSING:
        after = answer.headers.get("Retry-After", "")
        return Unreachable(title, float(after) if after.isascii() and after.isdigit() else 0.0)
    faults = [(fault["pointer"], fault["detail"]) for fault in problem.get("errors", [])]
    said = title if words is not None else f"{title}. {problem.get('detail', '')}".strip()
    return (Gone if status in GONE else Refused)(said, faults)


def _json(answer: requests.Response) -> Json | None:
    """Return the object that an answer holds, None where it holds none."""
    try:
        said = answer.json()
    except requests.RequestException:
        return None
    return said if isinstance(said, dict) else None


def _not_ours(url: str, said: str) -> str:
    return f"What answers at {url} is no StoryClip: {said[:MAX_SAID]!r}"
