"""What is kept in Redis beside the news: signs of life, and who publishes for a user."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b

import redis
import structlog

from storyclip.domain.installation import Mark, Sending
from storyclip.progress.news import Quietly

log = structlog.get_logger("storyclip")

LEASE_MS = 15_000  # who publishes says so each second; an end without a word is believed after this


class RedisMark:
    """The sign of life in Redis, by the place of the database.

    `quietly` is asked by all who send: of a Redis that hangs they wait together for one answer a
    second, and not each for one.
    """

    def __init__(self, client: redis.Redis, quietly: Quietly) -> None:
        self._client, self._quietly = client, quietly

    def read(self, place: str) -> Mark | None:
        """Return what was left last, None if nothing was, or Redis does not tell."""
        try:
            said = json.loads(self._client.get(_key(place)) or "null")
            if said is None:
                return None
            alive_at = datetime.fromisoformat(said["alive_at"])
            return Mark(str(said["installation"]), int(said["mark"]), int(said["epoch"]), alive_at)
        except (redis.RedisError, ValueError, KeyError, TypeError) as failure:
            log.warning("mark_unread", reason=str(failure))
            return None

    def leave(self, place: str, mark: Mark) -> None:
        """Leave a sign; one that does not get through is followed by the next."""
        said = {**asdict(mark), "alive_at": mark.alive_at.isoformat()}
        try:
            self._client.set(_key(place), json.dumps(said))
        except redis.RedisError as failure:
            log.warning("mark_not_left", reason=str(failure))

    def read_sending(self, place: str) -> Sending | None:
        """Return for which intent a story was asked for last, None if Redis does not tell."""
        try:
            said = json.loads(self._client.get(_key(place, "sending")) or "null")
            if said is None:
                return None
            at = datetime.fromisoformat(said["at"])
            return Sending(int(said["clip_id"]), int(said["number"]), at)
        except (redis.RedisError, ValueError, KeyError, TypeError) as failure:
            log.warning("sending_unread", reason=str(failure))
            return None

    def leave_sending(self, place: str, sending: Sending) -> None:
        """Leave an intent; the log names one that does not get through.

        It is missed only by rows that are put back before the next sign of life is left.
        """
        said = json.dumps({**asdict(sending), "at": sending.at.isoformat()})
        key = _key(place, "sending")
        if not self._quietly.tell(lambda: self._client.set(key, said), (redis.RedisError,)):
            log.warning("sending_not_left", clip_id=sending.clip_id, number=sending.number)


class Lease:
    """One publisher a user of Metricool: a second installation on the same Redis is told."""

    def __init__(self, client: redis.Redis, user_id: str) -> None:
        self._client = client
        self._key = f"storyclip:publisher:{user_id}"
        self._rival: str | None = None

    def hold(self, installation: str) -> str | None:
        """Hold the lease; return who else does, None if nobody.

        Where Redis does not tell, what it told last counts.
        """
        try:
            self._client.set(self._key, installation, nx=True, px=LEASE_MS)
            holder = self._client.get(self._key)
            word = holder.decode() if isinstance(holder, bytes) else holder
            if word == installation:
                self._client.pexpire(self._key, LEASE_MS)
            self._rival = None if word in (None, installation) else str(word)
        except redis.RedisError as failure:
            log.warning("lease_unknown", reason=str(failure))
        return self._rival


def _key(place: str, what: str = "mark") -> str:
    return f"storyclip:{what}:{blake2b(place.encode(), digest_size=12).hexdigest()}"
