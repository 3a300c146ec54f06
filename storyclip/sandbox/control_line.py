"""The line of one thread to a sandbox's control calls. Standard library only."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

CONTROL_S = 30


class Line:
    """Kept from call to call: a new one for each would cost more than the call."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._host = ""

    def __del__(self) -> None:
        """Let go of it with its thread: nobody else could."""
        if self._connection is not None:
            self._connection.close()

    def ask(self, method: str, url: str, data: bytes | None) -> tuple[int, bytes]:
        """Return status and body; asked again where the line had ended before, by a restart."""
        host, path = urlsplit(url).netloc, url.split("/", 3)[3]
        if self._connection is not None and host == self._host:
            try:
                return _answer(self._connection, method, path, data)
            except (ConnectionError, HTTPException):
                self._connection.close()
        self._host, self._connection = host, HTTPConnection(host, timeout=CONTROL_S)
        return _answer(self._connection, method, path, data)


def _answer(
    connection: HTTPConnection, method: str, path: str, data: bytes | None
) -> tuple[int, bytes]:
    try:
        connection.request(method, f"/{path}", data)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except BaseException:
        connection.close()  # its answer may come yet, and be taken for the next one's
        raise
