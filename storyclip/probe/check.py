"""Looks at all clips of a batch at once, and refuses the batch when one cannot become a story."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from tempfile import TemporaryFile
from typing import Any

import structlog

from storyclip.domain.clip_file import ClipFile, objections_to
from storyclip.domain.errors import ClipsUnusable
from storyclip.line.deadline import CallOver
from storyclip.media.errors import WorkLost
from storyclip.media.probing import film_facts
from storyclip.probe.fetch import ClipNotFetched, Fetcher, NotKept
from storyclip.probe.places import Places

log = structlog.get_logger("storyclip")

AT_ONCE_A_REQUEST = 4
CLIP_S = 20.0
BATCH_S = 30.0  # beyond it proxies and people hang up


class ClipCheck:
    """One for a process, because it bounds what a process does at once."""

    def __init__(
        self, fetcher: Fetcher | None = None, clip_s: float = CLIP_S, batch_s: float = BATCH_S
    ) -> None:
        self._fetcher = fetcher or Fetcher()
        self._clip_s = clip_s
        self._batch_s = batch_s
        self._places = Places()

    def check(self, urls: Sequence[str | None], user_id: str) -> None:
        """Return when every clip of this user's batch can become a story; None is a file.

        A clip that there was no time to look at is not taken on trust: the batch is refused, and
        its clip is named as one that could not be checked. Trust would make the check worth
        nothing to whoever switched it on, and the client can send smaller batches.

        Raises:
            ClipsUnusable: with everything that is wrong with every clip.
        """
        over_at = time.monotonic() + self._batch_s
        pool = ThreadPoolExecutor(AT_ONCE_A_REQUEST, thread_name_prefix="probe")
        try:
            looks = {
                index: pool.submit(self._look, url, user_id, over_at)
                for index, url in enumerate(urls)
                if url is not None
            }
            wait(looks.values(), max(0.0, over_at - time.monotonic()), FIRST_EXCEPTION)
            problems = [
                (f"/posts/{index}/url", why)
                for index, look in looks.items()
                for why in self._found_by(look)
            ]
        finally:
            # A resolver cannot be cut: its thread ends by itself, and holds its place till then.
            pool.shutdown(wait=False, cancel_futures=True)
        if problems:
            raise ClipsUnusable(*problems)

    def _found_by(self, look: Future[list[str]]) -> list[str]:
        return look.result() if look.done() else [_unchecked(self._batch_s)]

    def _look(self, url: str, user_id: str, over_at: float) -> list[str]:
        with self._places.one_for(user_id, over_at) as has_one:
            if not has_one:
                return [_unchecked(self._batch_s)]
            own_end = time.monotonic() + self._clip_s
            allowed_s = self._clip_s if own_end < over_at else self._batch_s
            return self._objections(url, min(over_at, own_end), allowed_s)

    def _objections(self, url: str, over_at: float, allowed_s: float) -> list[str]:
        try:
            with TemporaryFile(prefix="storyclip-") as file:  # has no name: it cannot stay behind
                self._fetcher.fetch(url, file, over_at)
                left_s = max(0.0, over_at - time.monotonic())
                return list(objections_to(_clip_file(film_facts(file, left_s))))
        except ClipNotFetched as refusal:
            return [str(refusal)]
        except CallOver:
            return [_unchecked(allowed_s)]
        except (NotKept, WorkLost, OSError) as mishap:
            if time.monotonic() >= over_at:
                return [_unchecked(allowed_s)]
            log.warning("clip_not_checked", reason=str(mishap))
            return ["could not be checked here just now; nothing was sent"]


def _clip_file(said: dict[str, Any]) -> ClipFile:
    if not said:
        return ClipFile()
    video = said["video"]
    return ClipFile(
        container=said["container"],
        profile=said["profile"],
        codec=video["codec"] if video else None,
        length_s=said["whole_s"],
        width=video["width"] if video else None,
        height=video["height"] if video else None,
    )


def _unchecked(seconds: float) -> str:
    return f"could not be checked within {seconds:g} s; nothing was sent"
