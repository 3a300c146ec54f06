"""A stream that survives its connections: every event once, in order, to the batch's end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storyclip.terminal.patience import Patience, Reconnecting, wait
from storyclip.terminal.service import Service, Unreachable
from storyclip.terminal.sse import Message, Parser

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state when a connection was made."""

    facts: Json


@dataclass(frozen=True, slots=True)
class Happened:
    """One event; `text` is what the service wrote."""

    facts: Json
    text: str


News = Snapshot | Happened | Reconnecting


class Follower:
    """A viewer of one batch, or of all of the caller's batches when `batch_id` is None."""

    def __init__(self, service: Service, batch_id: str | None, patience: Patience) -> None:
        self._service, self._batch_id, self._patience = service, batch_id, patience
        self._cursor = ""
        self._seen: dict[str, int] = {}
        self._has_ended = False

    def news(self) -> Iterator[News]:
        """Yield what happens until the batch has ended, over as many connections as it takes.

        Raises:
            Refused: the service does not show it to this key.
            GaveUp: no connection for too long.
        """
        while not self._has_ended:
            try:
                yield from self._one_connection()
            except Unreachable as failure:
                reconnecting = self._patience.after(failure)
                yield reconnecting
                wait(reconnecting.wait_s)

    def _one_connection(self) -> Iterator[News]:
        parser = Parser(self._cursor)
        for piece in self._service.stream(self._batch_id, self._cursor):
            for message in parser.feed(piece):
                yield from self._heard(message)
                if self._has_ended:
                    return
        raise Unreachable("the service ended the connection", (parser.retry_ms or 0) / 1000)

    def _heard(self, message: Message) -> Iterator[News]:
        if message.event == "end":
            self._has_ended = True
            return
        try:
            facts = json.loads(message.data)
        except json.JSONDecodeError as broken:
            raise Unreachable("what came is not readable") from broken
        if message.event == "snapshot":
            self._patience.connected()
            self._know_no_more_than(facts)
            yield Snapshot(facts)
        elif message.event == "message":
            yield from self._in_order(facts, message)

    def _know_no_more_than(self, snapshot: Json) -> None:
        """Forget events of rows that are lost: their numbers are given again."""
        for one in snapshot.get("batches", [snapshot]):
            seen = self._seen.get(one["batchId"])
            if seen is not None and seen > one["lastSeq"]:
                self._seen[one["batchId"]] = one["lastSeq"]

    def _in_order(self, facts: Json, message: Message) -> Iterator[Happened]:
        batch_id, seq = facts["batchId"], facts["seq"]
        # Of one batch everything is shown; in the stream of all, one may come in later.
        last = self._seen.get(batch_id, None if self._batch_id is None else 0)
        if last is not None and seq > last + 1:
            raise Unreachable(f"event {last + 1} is missing before {seq}")
        self._cursor = message.last_id
        if last is None or seq > last:
            self._seen[batch_id] = seq
            yield Happened(facts, message.data)
