"""One POST to a receiver: to an address that was checked, within a total deadline, no redirects."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from storyclip.domain.clip_url import is_public
from storyclip.domain.webhooks import objection_to_receiver
from storyclip.line.addresses import NotPublic, public_only, resolve
from storyclip.line.connection import Connection
from storyclip.line.deadline import Call, CallOver, watch

MAX_ANSWER_BYTES = 64 * 1024  # nobody reads it; a receiver that goes on is hung up on
AGENT = "StoryClip-Webhooks/1"


class NotDelivered(Exception):
    """No whole answer, or none at all; the receiver may still have heard the message."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], deadline_s: float, *, allow_private: bool
) -> int:
    """Send one message and return the status of the receiver's answer.

    The deadline covers everything but the resolver, which has its own.

    Raises:
        NotDelivered: with the reason in words.
    """
    if (objection := objection_to_receiver(url, allow_private=allow_private)) is not None:
        raise NotDelivered(f"not a URL to send to: {objection}")
    call = Call(time.monotonic() + deadline_s)
    watch(call)
    connection = Connection(url, resolve if allow_private else public_only(resolve, is_public))
    try:
        connection.begin(call)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fixed = {"Content-Type": "application/json", "User-Agent": AGENT, "Connection": "close"}
        connection.request("POST", target, body, {**fixed, **headers})
        with connection.getresponse() as answer:
            said = answer.read(MAX_ANSWER_BYTES)
            call.time_left_s()  # a line that we cut ourselves reads like an answer that is over
            if answer.length and len(said) < MAX_ANSWER_BYTES:  # `read` is silent about it
                raise NotDelivered("the answer broke off")
            return answer.status
    except CallOver:
        raise NotDelivered(f"no whole answer within {deadline_s:g} s") from None
    except NotPublic as objection:
        raise NotDelivered(str(objection)) from None
    except (OSError, http.client.HTTPException) as failure:
        if call.cut_because:
            raise NotDelivered(f"no whole answer within {deadline_s:g} s") from failure
        raise NotDelivered(f"{type(failure).__name__}: {failure}"[:200]) from failure
    finally:
        call.finish()
        connection.close()
