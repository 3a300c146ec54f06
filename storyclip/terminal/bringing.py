"""Files on their way to being clips: read, sent, looked into and prepared by the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from storyclip.terminal.bars import Bars
from storyclip.terminal.clips import LocalFile
from storyclip.terminal.patience import Patience, wait
from storyclip.terminal.service import Service, Unreachable
from storyclip.terminal.tus import Sending, Wishes, sha256_of

LOOK_S = 1.0

Json = dict[str, Any]

_WORDS: dict[str, str] = {
    "receiving": "is being named",
    "checking": "is being checked",
    "preparing": "is being prepared",
    "ready": "is ready",
    "refused": "is refused",
}


class FilesRefused(Exception):
    """Nothing can be made of some files: pairs of the file and sentences that say why."""

    def __init__(self, refused: Sequence[tuple[LocalFile, str]]) -> None:
        super().__init__(f"{len(refused)} files are refused")
        self.refused = refused


class Bringing:
    """Brings files to a service, one after the other; what has arrived is prepared meanwhile."""

    def __init__(self, service: Service, patience: Patience, bars: Bars, wishes: Wishes) -> None:
        self._service = service
        self._patience = patience
        self._bars = bars
        self._wishes = wishes

    def bring(self, files: Sequence[LocalFile]) -> Mapping[LocalFile, tuple[str, str]]:
        """Return the id and the SHA-256 of each file, once all are ready.

        Raises:
            FilesRefused: nothing can be made of one of them.
            Refused: the service does not take one of them.
            GaveUp: no connection for too long.
            NoClip: one of them changed meanwhile.
        """
        brought: dict[LocalFile, tuple[str, str]] = {}
        ids: dict[str, str] = {}  # of what has the same bytes
        for file in dict.fromkeys(files):
            sha256 = sha256_of(file, partial(self._show, file, "is being read"))
            if sha256 not in ids:
                ids[sha256] = self._sent(file, sha256)
            brought[file] = ids[sha256], sha256
        self._until_ready({file: file_id for file, (file_id, _) in brought.items()})
        return brought

    def _sent(self, file: LocalFile, sha256: str) -> str:
        told = partial(self._show, file, "is being sent")
        sending = Sending(self._service, self._patience, told, self._bars.lost)
        return sending.send(file, sha256, self._wishes)

    def _until_ready(self, ids: Mapping[LocalFile, str]) -> None:
        """Wait until every file is ready, and show how far each is."""
        waiting, refused = dict(ids), list[tuple[LocalFile, str]]()
        while waiting:
            for file, file_id in list(waiting.items()):
                shown = self._look(file_id)
                if shown is None:
                    break
                state = str(shown["state"])
                waits = shown.get("waits")
                words = "waits" if waits else _WORDS.get(state, state)
                self._bars.show(file, words, _done(shown), 1)
                self._bars.explain(file, waits["words"]["en"] if waits else "")
                if state == "refused":
                    refused.append((file, words_of(shown["problems"])))
                if state in ("ready", "refused"):
                    del waiting[file]
            if waiting:
                wait(LOOK_S)
        if refused:
            raise FilesRefused(refused)

    def _look(self, file_id: str) -> Json | None:
        try:
            shown = self._service.file(file_id)
        except Unreachable as failure:
            later = self._patience.after(failure)
            self._bars.lost(later)
            wait(later.wait_s)
            return None
        self._patience.connected()
        return shown

    def _show(self, file: LocalFile, words: str, done: int) -> None:
        self._bars.show(file, words, done, file.size)


def words_of(problems: Sequence[Json]) -> str:
    """Return the sentences for a file's problems as the service has them."""
    return " ".join(problem["words"]["en"] for problem in problems)


def _done(shown: Json) -> float:
    return 1.0 if shown["state"] == "ready" else float(shown["progress"])
