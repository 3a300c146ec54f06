"""What is believed of where a request came from: of our own proxies something, else nothing."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.seed_keys import parse_seed_keys
from config.settings import Settings
from storyclip.store.access import seeding
from storyclip.web.door.guesses import MOST_OF_ONE
from storyclip.web.door.hops import Proxies, home_of
from storyclip.web.factory import create_app
from tests.people import key_for
from tests.web.conftest import NOON, SmallMetricool, Someone

BATCHES = "/api/metricool/batches"
PROXY, CLIENT, OTHER = "10.0.0.7", "203.0.113.8", "203.0.113.9"
PUBLIC = "https://storyclip.example.com"

With = Callable[..., FlaskClient]


@pytest.fixture
def with_settings(sqlite: Any, clock: Any) -> With:
    """A client of the service with these settings, whose requests come from the proxy."""

    def made(**said: str) -> FlaskClient:
        environ = {f"STORYCLIP_{name.upper()}": value for name, value in said.items()}
        settings = Settings.from_environment(environ, needs_upstream=False)
        app: Flask = create_app(settings, SmallMetricool(), clock, lambda: True)
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = PROXY
        return client

    return made


def tried(client: FlaskClient, key: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(BATCHES, headers={"X-Api-Key": key, **named}).status_code


def exhausted(client: FlaskClient, address: str) -> None:
    for number in range(MOST_OF_ONE):
        assert tried(client, f"guess-{number}", X_Forwarded_For=address) == 401


def signed_in(client: FlaskClient, origin: str, **headers: str) -> Any:
    key = key_for("ana", {"read"}, at=NOON)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/session", json={"apiKey": key}, headers={"Origin": origin, **named})


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        (PROXY, "", PROXY),
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{OTHER}, {CLIENT}", CLIENT),  # what is left of the client, it wrote itself
        (PROXY, f"{OTHER}, {CLIENT}, 10.1.2.3", CLIENT),
        (PROXY, "10.1.2.3, 10.3.2.1", "10.1.2.3"),
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, "[2001:db8::1]:4711", "2001:db8::1"),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{CLIENT}, unknown", PROXY),
        (PROXY, f"{CLIENT},", PROXY),
        (PROXY, "1" * 9000, PROXY),
        (CLIENT, OTHER, CLIENT),
        (CLIENT, PROXY, CLIENT),
        ("::ffff:10.0.0.7", CLIENT, CLIENT),
        ("", CLIENT, ""),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy_of_ours(peer, forwarded_for, client):
    assert Proxies([ip_network("10.0.0.0/8")]).client_of(peer, forwarded_for) == client


def test_without_proxies_nobody_is_one():
    assert not Proxies([]).has(PROXY)


@pytest.mark.parametrize(
    ("address", "home"),
    [
        (CLIENT, CLIENT),
        (f"::ffff:{CLIENT}", CLIENT),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        (None, ""),
        ("unix:", ""),
    ],
)
def test_an_address_stands_for_who_has_it(address, home):
    assert home_of(address) == home


def test_wrong_keys_are_counted_for_who_tried_them_not_for_the_proxy(with_settings):
    client = with_settings(trusted_proxies="10.0.0.0/8")
    exhausted(client, CLIENT)

    assert tried(client, "guess", X_Forwarded_For=CLIENT) == 429
    assert tried(client, "guess", X_Forwarded_For=f"{OTHER}, {CLIENT}") == 429
    assert tried(client, "guess", X_Forwarded_For=OTHER) == 401


def test_who_is_no_proxy_of_ours_cannot_be_somebody_else(with_settings):
    client = with_settings(trusted_proxies="127.0.0.1")
    exhausted(client, CLIENT)

    assert tried(client, "guess", X_Forwarded_For=OTHER) == 429


def test_a_flood_of_wrong_keys_through_the_proxy_locks_no_seeded_key_out(with_settings):
    client = with_settings()  # all count as the proxy, which is the worst
    seeded = "Zk3vq8Hn2sYd7LxW0pTfRbU5cMgE1aJo"
    seeding.seed(parse_seed_keys(f"{seeded}:ana:read"), NOON)
    exhausted(client, CLIENT)

    assert tried(client, "a-wrong-key") == 429
    assert tried(client, seeded) == 200
    assert tried(client, key_for("ana", {"read"}, at=NOON)) == 200


def test_a_proxy_of_ours_says_whether_there_is_tls_and_nobody_else_does(with_settings):
    ours = with_settings(trusted_proxies="10.0.0.7")
    others = with_settings(trusted_proxies="10.0.0.8")

    through_ours = signed_in(ours, "https://localhost", X_Forwarded_Proto="https")
    through_others = signed_in(others, "https://localhost", X_Forwarded_Proto="https")

    assert through_ours.headers["Set-Cookie"].startswith("__Host-storyclip=")
    assert "Strict-Transport-Security" in through_ours.headers
    assert through_others.headers["Set-Cookie"].startswith("storyclip=")


def test_the_public_address_settles_host_origin_and_cookie(with_settings):
    client = with_settings(public_url=PUBLIC)

    ours = signed_in(client, PUBLIC, Host="10.0.0.1:8000")
    inside = signed_in(client, "http://10.0.0.1:8000", Host="10.0.0.1:8000")
    unsafe = signed_in(client, "http://storyclip.example.com", Host="storyclip.example.com")

    assert ours.status_code == 200
    assert ours.headers["Set-Cookie"].startswith("__Host-storyclip=")
    assert "; Secure" in ours.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in ours.headers
    assert (inside.status_code, unsafe.status_code) == (403, 403)


def test_who_is_refused_for_its_origin_is_told_what_was_compared(with_settings):
    refused = signed_in(with_settings(), PUBLIC, Host="10.0.0.1:8000")

    detail = refused.get_json()["detail"]
    assert refused.status_code == 403
    assert "10.0.0.1:8000" in detail
    assert PUBLIC in detail
    assert "STORYCLIP_PUBLIC_URL" in detail


def test_an_origin_is_said_back_only_as_far_as_it_is_harmless(with_settings):
    refused = signed_in(with_settings(), "https://\x1b[31m" + "x" * 5000)

    assert len(refused.data) < 1000
    assert b"\\u001b" not in refused.data


def test_a_page_of_the_public_address_may_open_a_websocket(with_settings):
    client = with_settings(public_url=PUBLIC)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}

    theirs = client.get("/api/metricool/ws", headers={"Origin": "https://localhost", **upgrade})

    assert theirs.status_code == 403


def test_a_made_up_host_makes_no_other_page_ours(with_settings):
    client = with_settings(public_url=PUBLIC)

    assert signed_in(client, "https://evil.example.com", Host="evil.example.com").status_code == 403
    assert Someone(client, key_for("ana", {"read"}, at=NOON)).get(BATCHES).status_code == 200
