"""Words that a browser keeps for us and cannot change: what signs derives from the pepper."""

from __future__ import annotations

from itsdangerous import URLSafeSerializer

from storyclip.store.access import pepper
from storyclip.store.database import writing


def signer(purpose: str) -> URLSafeSerializer:
    """Return what signs and reads them, for one purpose; it makes the pepper if there is none yet.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    try:
        secrets = pepper.secrets_for(purpose)
    except LookupError:
        with writing():
            pepper.made()
        secrets = pepper.secrets_for(purpose)
    return URLSafeSerializer(secrets, salt=purpose)
