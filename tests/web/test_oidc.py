"""Signing in by a provider: a real one on this machine, there and back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from config.settings import Settings, SettingsInvalid
from storyclip.domain.names import names
from storyclip.domain.provider_errors import ProviderAway, ProviderRefused
from storyclip.domain.user import Role
from storyclip.oidc.identity import Asked
from storyclip.oidc.provider import Provider
from storyclip.store import acts
from storyclip.store.access import sessions, users
from storyclip.store.acts import Wanted
from storyclip.web.factory import create_app
from tests.people import key_for
from tests.web.conftest import ACCOUNT, Clock

EVA = "eva@example.com"
AWAY = {"STORYCLIP_OIDC_ISSUER": "http://localhost:9"}


# In a process of its own: what it is made of warns of itself, which fails a test
PROVIDER = """
from oidc_provider_mock import User, run_server_in_thread
people = [
    User(sub="1", claims={"email": "eva@example.com", "email_verified": True}),
    User(sub="2", claims={"email": "eva@example.com", "email_verified": False}),
    User(sub="3", claims={"email": "stranger@example.com", "email_verified": True}),
]
with run_server_in_thread(user_claims=people) as server:
    print(server.server_port, flush=True)
    input()
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider with three people, of whom one has not proven their e-mail address."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROVIDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        yield f"http://localhost:{running.stdout.readline().strip()}"
        running.kill()


@pytest.fixture
def browser(
    sqlite: object, clock: Clock, metricool: Any, redis: Any, issuer: str, request: Any
) -> FlaskClient:
    clock.at = datetime.now(UTC)  # the provider's
    key_for("ana", {"read"}, at=clock.at)
    users.create(EVA, Role.PUBLISHER, names({ACCOUNT}), clock.at, "Eva")
    users.create("1", Role.VIEWER, names(()), clock.at)
    said = {
        "STORYCLIP_OIDC_ISSUER": issuer,
        "STORYCLIP_OIDC_CLIENT_ID": "storyclip",
        "STORYCLIP_OIDC_CLIENT_SECRET": "of-the-client",
        **getattr(request, "param", {}),
    }
    settings = Settings.from_environment(said, needs_upstream=False)
    return create_app(settings, metricool, clock, redis.answers).test_client()


def sent(browser: FlaskClient) -> str:
    answer = browser.get("/oidc/begin")
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def led_back(address: str, sub: str, **form: str) -> str:
    """Sign in at the provider; return the path that it leads back to."""
    answer = requests.post(address, data={"sub": sub, **form}, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    assert back.netloc == "localhost"
    return f"{back.path}?{back.query}"


def test_a_user_whose_address_is_verified_comes_in(browser):
    address = sent(browser)
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()

    arrived = browser.get(led_back(address, "1"), headers={"Sec-Fetch-Site": "cross-site"})

    assert (arrived.status_code, arrived.mimetype) == (200, "text/html")
    assert browser.get("/session").json["userId"] == EVA
    [session] = sessions.every(datetime.now(UTC))
    assert (session.entry, session.key_id) == ("oidc", None)


@pytest.mark.parametrize("sub", ["2", "3", "nobody@example.com"])
def test_who_is_no_user_or_has_not_proven_it_does_not(browser, sub):
    answer = browser.get(led_back(sent(browser), sub))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/?link=oidc-unknown")
    assert browser.get("/session").status_code == 401
    shown = browser.get(answer.headers["Location"], headers={"Accept-Language": "es"})
    assert "no tiene acceso a StoryClip" in shown.text
    assert [act.subject for act in acts.newest(Wanted(action="entry"), 5)][-1] == (
        "GET /oidc/callback"
    )


def test_a_disabled_user_does_not(browser, clock):
    users.disable(EVA, clock.at)

    assert browser.get(led_back(sent(browser), "1")).headers["Location"] == "/?link=oidc-unknown"


@pytest.mark.parametrize("browser", [{"STORYCLIP_OIDC_CLAIM": "sub"}], indirect=True)
def test_by_their_name_there_if_that_is_set(browser):
    browser.get(led_back(sent(browser), "1"))

    assert browser.get("/session").json["userId"] == "1"


def test_a_word_of_another_browser_of_before_or_made_up_signs_nobody_in(browser, clock):
    back = led_back(sent(browser), "1")
    other = browser.application.test_client()

    assert refused(other.get(back))
    assert refused(browser.get(f"{back}x"))
    back = led_back(sent(browser), "1")
    clock.move(600)
    assert refused(browser.get(back))
    clock.move(-600)
    address = sent(browser)
    denied = browser.get(led_back(address, "1", action="deny"))
    assert refused(denied)


def test_a_code_is_good_once_and_for_the_browser_that_asked(browser):
    back = led_back(sent(browser), "1")
    assert browser.get(back).status_code == 200

    assert refused(browser.get(back))
    mine = led_back(sent(browser), "1")
    theirs = browser.application.test_client()
    stolen = mine.replace(
        parse_qs(urlsplit(mine).query)["state"][0],
        parse_qs(urlsplit(sent(theirs)).query)["state"][0],
    )
    assert refused(theirs.get(stolen))  # the verifier is another


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 303 and answer.headers["Location"] == "/?link=oidc-refused")


@pytest.mark.parametrize(
    "browser", [{"STORYCLIP_OIDC_ISSUER": "http://localhost:9"}], indirect=True
)
def test_that_the_provider_is_away_is_said(browser):
    answer = browser.get("/oidc/begin")

    assert answer.headers["Location"] == "/?link=oidc-away"
    assert (
        "does not answer" in browser.get("/?link=oidc-away", headers={"Accept-Language": "en"}).text
    )


def test_the_page_offers_it_where_it_is_set_and_else_there_is_none(browser, anyone):
    assert 'href="/oidc/begin"' in browser.get("/").text
    assert 'href="/oidc/begin"' not in anyone.get("/").text
    assert anyone.get("/oidc/begin").status_code == 404
    assert anyone.get("/oidc/callback?code=x").status_code == 404


def test_half_of_a_client_is_no_setting():
    with pytest.raises(SettingsInvalid, match="STORYCLIP_OIDC_CLIENT_ID: expected it"):
        Settings.from_environment(
            {"STORYCLIP_OIDC_ISSUER": "https://id.example.com"}, needs_upstream=False
        )


# What it signs

OURS, THEIRS = (RSAKey.generate_key(2048, {"kid": "k"}, auto_kid=False) for _ in range(2))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": "https://id", "aud": "us", "sub": "1", "iat": now, "exp": now + 60, "nonce": "n"}
    return {name: value for name, value in (said | changes).items() if value is not None}


def finish(monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], key: RSAKey = OURS) -> Any:
    """Have a provider whose keys are OURS answer with a token signed with `key`."""
    provider = Provider("https://id", "us", None, lambda: datetime.now(UTC))
    answers = {
        "https://id/.well-known/openid-configuration": {
            "issuer": "https://id",
            "token_endpoint": "https://id/token",
            "jwks_uri": "https://id/keys",
        },
        "https://id/keys": KeySet([OURS]).as_dict(),
    }
    monkeypatch.setattr(provider, "_asked", lambda address, _=None: answers[address])
    token = {"id_token": jwt.encode({"alg": "RS256", "kid": "k"}, said, key), "access_token": "a"}
    monkeypatch.setattr("storyclip.oidc.provider.OAuth2Session.fetch_token", lambda *_, **__: token)
    return provider.finish("code", Asked("s", "n", "v"), "https://us/oidc/callback")


def test_what_is_signed_for_us_just_now_is_believed(monkeypatch):
    said = claims(email="a@b.c", email_verified=True)

    assert finish(monkeypatch, said).email == "a@b.c"
    assert finish(monkeypatch, claims(email="a@b.c", email_verified="true")).email is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other"},
        {"aud": "others"},
        {"aud": ["us", "others"]},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"sub": None},
        {"azp": "others"},
        {"at_hash": "x"},
    ],
    ids=str,
)
def test_what_is_signed_for_others_of_before_or_in_part_is_not(monkeypatch, changes):
    with pytest.raises((ProviderRefused, ProviderAway)):
        finish(monkeypatch, claims(**changes))


def test_what_somebody_else_signed_is_not(monkeypatch):
    with pytest.raises(ProviderRefused):
        finish(monkeypatch, claims(), THEIRS)
