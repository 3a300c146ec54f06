"""What the database keeps sealed: opened by the installation's secret, which is not in there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken

from storyclip.domain.errors import SecretMissing

SEALED = "sealed:"

Secrets = Callable[[], Sequence[str]]  # the first one seals; asked anew each time

_secrets: Secrets = tuple


def use(secrets: Secrets) -> None:
    """Seal and open with these from now on; called once by each main."""
    global _secrets
    _secrets = secrets


def id_of(secret: str) -> str:
    """Return what a secret is called: so it can be spoken of, and nobody learns it."""
    return blake2b(secret.encode(), digest_size=4, person=b"storyclip-id").hexdigest()


def ids() -> Sequence[str]:
    """Return what the secrets that we have are called, the one that seals first."""
    return [id_of(secret) for secret in _secrets()]


def sealed_by(kept: str) -> str | None:
    """Return the id of the secret that a value is sealed with, None if it lies open."""
    return kept.split(":")[1] if kept.startswith(SEALED) else None


def closed(said: str) -> str:
    """Return a value as the database is to keep it: as it is, where there is no secret."""
    newest = next(iter(_secrets()), None)
    if newest is None:
        return said
    return f"{SEALED}{id_of(newest)}:{_box(newest).encrypt(said.encode()).decode()}"


def opened(kept: str) -> str:
    """Return what a value of the database says.

    Raises:
        SecretMissing: it is sealed with a secret that we do not have.
    """
    if not kept.startswith(SEALED):
        return kept
    _, name, box = kept.split(":", 2)
    for secret in _secrets():
        if id_of(secret) == name:
            try:
                return _box(secret).decrypt(box.encode()).decode()
            except InvalidToken:
                raise SecretMissing("what the database has sealed was changed in there") from None
    raise SecretMissing(
        f"the keys of this installation are sealed with the secret {name}, and STORYCLIP_SECRET"
        f" has {', '.join(ids()) or 'none'}: set it (STORYCLIP_SECRET, or the file that"
        " STORYCLIP_SECRET_FILE names)"
    )


def _box(secret: str) -> Fernet:
    key = blake2b(secret.encode(), digest_size=32, person=b"storyclip-seal").digest()
    return Fernet(base64.urlsafe_b64encode(key))
