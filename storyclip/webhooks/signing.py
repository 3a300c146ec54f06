"""Signatures as Standard Webhooks 1.0 has them, so that receivers verify with its libraries."""

from __future__ import annotations

import base64
import hmac

from storyclip.store.access.pepper import secret_for

PREFIX = "whsec_"


def secret_of(user_id: str) -> str:
    """Return the secret that a user's receivers verify with, as `whsec_…`.

    One a user, derived and never stored: batches outlive the key that made them.

    Raises:
        LookupError: no key was ever made here.
        StoreUnavailable: the database does not answer.
    """
    return PREFIX + base64.b64encode(secret_for(f"webhook:{user_id}")).decode()


def signed_headers(secret: str, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message that is sent at `at_s`, seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, b"%s.%d.%s" % (message_id.encode(), at_s, body), "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
