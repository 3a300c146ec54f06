"""Signatures as Standard Webhooks 1.0 has them, so that receivers verify with its libraries."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

from storyclip.store.access import webhook_secrets

PREFIX = "whsec_"


def secrets_of(user_id: str, at: datetime) -> list[str]:
    """Return the secrets that a user's receivers may verify with, the newest first, as `whsec_…`.

    The user's, and not a key's: batches outlive the key that made them.

    Raises:
        LookupError: no key was ever made here.
        StoreUnavailable: the database does not answer, or is sealed with a secret we do not have.
    """
    return [as_text(secret) for secret in webhook_secrets.of_user(user_id, at)]


def as_text(secret: bytes) -> str:
    """Return a secret as receivers are given it."""
    return PREFIX + base64.b64encode(secret).decode()


def signed_headers(
    secrets: Sequence[str], message_id: str, at_s: int, body: bytes
) -> dict[str, str]:
    """Return the three headers of a message that is sent at `at_s`, seconds since 1970.

    A signature of each secret, apart by spaces: a receiver is content with one.
    """
    signed = b"%s.%d.%s" % (message_id.encode(), at_s, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
