"""One step of one delivery: the next message of a batch is sent, and what became of it written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from config.settings import Settings
from storyclip.domain.dates.schedule import backoff_s
from storyclip.domain.errors import LostRace
from storyclip.domain.incident import Incident
from storyclip.domain.webhooks import Json, is_hopeless, message_id, messages_of, payload
from storyclip.store.history import deliveries, events
from storyclip.store.history.deliveries import Delivery
from storyclip.store.service.incidents import raise_incident
from storyclip.webhooks.line import NotDelivered, post
from storyclip.webhooks.signing import secrets_of, signed_headers

log = structlog.get_logger("storyclip")

DEADLINE_S = 10.0
CLAIM_S = 60.0  # the deadline, a resolver that hangs, and a busy database
GONE = 410  # the receiver wants to hear no more


@dataclass(frozen=True)
class Teller:
    """Tells receivers what happened; `jitter` returns 0.0 to 1.0."""

    settings: Settings
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    deadline_s: float = DEADLINE_S

    def step(self, delivery: Delivery) -> bool:
        """Send the next message of a batch, and return whether more of it is due at once.

        Raises:
            StoreUnavailable: its outcome could not be written: it will be sent again.
        """
        at = self.now()
        try:
            revision = deliveries.claim(delivery, at, at + timedelta(seconds=CLAIM_S))
            return self._tell(delivery, revision)
        except LostRace:
            return False  # another worker has it

    def _tell(self, delivery: Delivery, revision: int) -> bool:
        before, *following = _events_from(delivery)
        part = delivery.part
        for event in following:
            assert event is not None  # only the first may be
            kinds = messages_of(event, before)
            if part < len(kinds):
                return self._send(delivery, revision, event, kinds, part)
            before, part = event, 0
        next_seq = before["seq"] + 1 if before else delivery.next_seq
        return deliveries.move_on(delivery, revision, next_seq, 0, self.now())

    def _send(
        self,
        delivery: Delivery,
        revision: int,
        event: Json,
        kinds: list[str],
        part: int,
    ) -> bool:
        kind, told = kinds[part], delivery
        said = payload(kind, event, told.job_id, told.account_id, told.network)
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        now = self.now()
        name = message_id(kind, event, events.epoch_of(told.batch_id, event["seq"]))
        secrets = secrets_of(told.user_id, now)
        headers = signed_headers(secrets, name, int(now.timestamp()), body)
        allow = self.settings.webhook_allow_private
        try:
            status = post(told.url, body, headers, self.deadline_s, allow_private=allow)
        except NotDelivered as failure:
            return self._failed(delivery, revision, kind, event["seq"], str(failure))
        if status == GONE:
            deliveries.stop(delivery, revision, "410: it wants no more", self.now())
            log.info("webhook_receiver_gone", batch=told.batch_id, receiver=told.receiver)
            return False
        if not 200 <= status < 300:
            return self._failed(delivery, revision, kind, event["seq"], f"answered {status}")
        following = (event["seq"], part + 1) if part + 1 < len(kinds) else (event["seq"] + 1, 0)
        has_more = deliveries.move_on(delivery, revision, *following, self.now())
        log.info("webhook_delivered", batch=told.batch_id, seq=event["seq"], type=kind)
        return has_more

    def _failed(self, delivery: Delivery, revision: int, kind: str, seq: int, reason: str) -> bool:
        now = self.now()
        since = delivery.failing_since or now
        log.warning(
            "webhook_failed",
            batch=delivery.batch_id,
            seq=seq,
            type=kind,
            receiver=delivery.receiver,
            attempts=delivery.attempts + 1,
            reason=reason,
        )
        if is_hopeless(since, now):
            # The incident first: should we be killed in between, it is said once all the same.
            detail = (
                f"{delivery.receiver} has failed for a day, lastly: {reason}. It was told"
                f" nothing of this batch from event {seq} on; the batch itself is not affected."
            )
            raise_incident(Incident("webhook_given_up", delivery.batch_id, detail), now)
            deliveries.stop(delivery, revision, reason, now)
            return False
        base_s, max_s = self.settings.retry_base_s, self.settings.retry_max_s
        spread = 0.5 + self.jitter() / 2  # never at once
        wait_s = backoff_s(delivery.attempts, base_s, max_s, spread)
        deliveries.put_off(delivery, revision, reason, since, now + timedelta(seconds=wait_s))
        return False


def _events_from(delivery: Delivery) -> list[Json | None]:
    """Return the events to be told, led by the one before them, or by None."""
    found = events.events_since(delivery.batch_id, delivery.next_seq - 2)
    return list(found) if delivery.next_seq > 1 else [None, *found]
