"""An OpenID Connect provider: where people are sent, and who it says that came back.

Authorization code with PKCE, state and nonce. What the provider signs is checked against its own
keys; what it does not say in there is asked of it with the token that it gave.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from storyclip.domain.provider_errors import ProviderAway, ProviderRefused
from storyclip.oidc.identity import Asked, Identity

WITHIN_S = 5.0  # of silence, in each of at most four calls
KNOWN_FOR = timedelta(hours=1)  # what the provider says of itself
LEEWAY_S = 60  # between its clock and ours
AT_ONCE = 4  # who come back: each holds a thread meanwhile
# Never "none", and never with a secret that somebody else has as well
SIGNED_WITH = ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
SCOPE = "openid email"

_WHERE_IT_SAYS = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class _Known:
    at: datetime
    says: Mapping[str, Any]
    keys: KeySet


class Provider:
    """One provider, and who we are there."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str | None, now: Callable[[], datetime]
    ) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._now = now
        self._known: _Known | None = None
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, comes_back_to: str) -> tuple[str, Asked]:
        """Return where somebody is sent, and what has to be kept until they come back.

        Raises:
            ProviderAway: it does not say where.
        """
        asked = Asked(generate_token(32), generate_token(32), generate_token(48))
        with self._asking() as client:
            address, _ = client.create_authorization_url(
                str(self._now_known().says["authorization_endpoint"]),
                state=asked.state,
                nonce=asked.nonce,
                code_verifier=asked.verifier,
                redirect_uri=comes_back_to,
            )
        return str(address), asked

    def finish(self, code: str, asked: Asked, comes_back_to: str) -> Identity:
        """Return who came back with this code.

        Raises:
            ProviderRefused: the code is not good, or what it stands for is not for us.
            ProviderAway: it does not answer.
        """
        with self._asking() as client:
            known = self._now_known()
            token = client.fetch_token(
                str(known.says["token_endpoint"]),
                code=code,
                code_verifier=asked.verifier,
                redirect_uri=comes_back_to,
                timeout=WITHIN_S,
            )
            claims = self._claims(token, asked.nonce)
            if "email" not in claims and "userinfo_endpoint" in known.says:
                more = self._asked(str(known.says["userinfo_endpoint"]), token["access_token"])
                if more.get("sub") == claims["sub"]:
                    claims = {**more, **claims}
        is_verified = claims.get("email_verified") is True
        return Identity(str(claims["sub"]), str(claims["email"]) if is_verified else None)

    @contextmanager
    def _asking(self) -> Iterator[OAuth2Session]:
        if not self._places.acquire(blocking=False):
            raise ProviderAway("too many come back at once")
        try:
            with OAuth2Session(
                self._client_id,
                self._client_secret,
                scope=SCOPE,
                code_challenge_method="S256",
                token_endpoint_auth_method="client_secret_basic" if self._client_secret else "none",
            ) as client:
                yield client
        except (requests.RequestException, LookupError, ValueError, TypeError) as failure:
            raise ProviderAway(f"{type(failure).__name__}: {failure}") from failure
        except (AuthlibBaseError, JoseError) as failure:
            raise ProviderRefused(f"{type(failure).__name__}: {failure}") from failure
        finally:
            self._places.release()

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        signed = str(token["id_token"])
        try:
            said = jwt.decode(signed, self._now_known().keys, algorithms=SIGNED_WITH)
        except JoseError:  # it may have other keys by now
            said = jwt.decode(signed, self._anew().keys, algorithms=SIGNED_WITH)
        rules = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        params = {
            "nonce": nonce,
            "client_id": self._client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(said.claims, said.header, rules, params)
        claims.validate(int(self._now().timestamp()), LEEWAY_S)
        return dict(claims)

    def _now_known(self) -> _Known:
        known = self._known
        return known if known and self._now() - known.at < KNOWN_FOR else self._anew()

    def _anew(self) -> _Known:
        says = self._asked(self._issuer + _WHERE_IT_SAYS)
        if str(says["issuer"]).rstrip("/") != self._issuer:
            raise ProviderAway(f"it calls itself {says['issuer']}")
        keys = KeySet.import_key_set(self._asked(str(says["jwks_uri"])))  # type: ignore[arg-type]
        self._known = _Known(self._now(), says, keys)
        return self._known

    def _asked(self, address: str, access_token: str | None = None) -> dict[str, Any]:
        headers = {} if access_token is None else {"Authorization": f"Bearer {access_token}"}
        answer = requests.get(address, headers=headers, timeout=WITHIN_S, allow_redirects=False)
        answer.raise_for_status()
        return dict(answer.json())
