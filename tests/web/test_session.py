"""The page's session: a cookie for our own page alone, which ends when anything behind it does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings
from storyclip.store import database
from storyclip.store.access import keys, signin_links
from storyclip.web.factory import create_app
from tests.people import key_for
from tests.web.conftest import NOON, PUBLISH, Someone, good, nothing_recorded, rows
from tests.web.test_bad_input import is_short_problem

BATCHES = "/api/metricool/batches"
OURS = {"Origin": "http://localhost"}
HOUR_S = 3600
NOT_OUR_PAGE = [
    {"Origin": "https://evil.example.com"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]


def key_id(someone: Someone) -> str:
    return someone.key.split("_")[1]


@pytest.fixture
def page(app: Flask, ana: Someone) -> FlaskClient:
    """Ana's browser, signed in."""
    browser = app.test_client()
    assert browser.post("/session", json={"apiKey": ana.key}, headers=OURS).status_code == 200
    return browser


def test_a_key_is_exchanged_for_a_cookie_that_scripts_cannot_read(app, ana):
    answer = app.test_client().post("/session", json={"apiKey": ana.key}, headers=OURS)

    words = answer.headers["Set-Cookie"].split("; ")
    assert words[0].startswith("storyclip=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(words)
    assert "Secure" not in words
    assert ana.key not in answer.headers["Set-Cookie"]
    assert answer.json == {
        "userId": "ana",
        "role": "admin",
        "scopes": ["publish", "read"],
        "accounts": None,
    }


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(app, ana):
    browser = app.test_client()
    over_tls = {"base_url": "https://localhost", "headers": {"Origin": "https://localhost"}}

    answer = browser.post("/session", json={"apiKey": ana.key}, **over_tls)

    assert answer.headers["Set-Cookie"].startswith("__Host-storyclip=")
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")
    assert browser.get(BATCHES, base_url="https://localhost").status_code == 200


def test_nobody_can_say_by_a_header_that_there_is_tls(app, ana):
    headers = OURS | {"X-Forwarded-Proto": "https"}

    answer = app.test_client().post("/session", json={"apiKey": ana.key}, headers=headers)

    assert "Secure" not in answer.headers["Set-Cookie"].split("; ")


def test_the_page_may_do_what_its_key_may(page):
    assert page.get("/session").json["userId"] == "ana"
    assert page.post(PUBLISH, json=good(), headers=OURS).status_code == 202
    assert page.get(BATCHES).json["count"] == 1
    assert page.post("/api/metricool/stream-ticket", headers=OURS).status_code == 200


def test_a_session_has_no_more_scopes_than_its_key(app, anyone):
    reader = key_for("ana", {"read"}, at=NOON)
    anyone.post("/session", json={"apiKey": reader}, headers=OURS)

    assert anyone.post(PUBLISH, json=good(), headers=OURS).status_code == 403


@pytest.mark.parametrize("headers", NOT_OUR_PAGE, ids=str)
def test_another_page_cannot_use_the_session(page, headers):
    tried = [
        page.post(PUBLISH, json=good(), headers=headers),
        page.get(BATCHES, headers=headers),
        page.get("/api/metricool/stream", headers=headers),
        page.delete("/session", headers=headers),
        page.get("/session", headers=headers),
    ]

    assert all(is_short_problem(answer, 403) for answer in tried)
    assert {answer.json["code"] for answer in tried} == {"origin_refused"}
    assert nothing_recorded()
    assert page.get("/session").status_code == 200


@pytest.mark.parametrize("headers", NOT_OUR_PAGE, ids=str)
def test_another_page_cannot_sign_a_browser_in(anyone, ana, headers):
    refused = anyone.post("/session", json={"apiKey": ana.key}, headers=headers)

    assert is_short_problem(refused, 403)
    assert "Set-Cookie" not in refused.headers


def test_an_origin_that_may_call_the_api_may_not_use_the_session(
    sqlite, clock, metricool, redis, ana
):
    origin = "http://localhost:3000"
    settings = Settings.from_environment({"STORYCLIP_CORS_ORIGINS": origin}, needs_upstream=False)
    browser = create_app(settings, metricool, clock, redis.answers).test_client()
    browser.post("/session", json={"apiKey": ana.key}, headers=OURS)

    assert browser.get(BATCHES, headers={"Origin": origin}).status_code == 403


def test_a_change_must_say_whose_page_wants_it(page):
    assert page.post(PUBLISH, json=good()).status_code == 403
    same_origin = {"Sec-Fetch-Site": "same-origin"}
    assert page.post(PUBLISH, json=good(), headers=same_origin).status_code == 202


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
@pytest.mark.parametrize("path", [PUBLISH, "/api/metricool/stream-ticket"])
def test_no_form_can_change_anything(page, path, content_type):
    refused = page.post(path, data=b"{}", content_type=content_type, headers=OURS)

    assert is_short_problem(refused, 415)
    assert nothing_recorded()


@pytest.mark.parametrize("key", ["x", "sc_0123456789ab_" + "A" * 43, "ñ", "\U0001f511"])
def test_a_bad_key_signs_nobody_in(anyone, key):
    refused = anyone.post("/session", json={"apiKey": key}, headers=OURS)

    assert is_short_problem(refused, 401)
    assert "Set-Cookie" not in refused.headers
    assert rows("sessions") == 0


@pytest.mark.parametrize("body", [{}, {"apiKey": 1}, {"apiKey": ""}, {"apiKey": "k" * 501}, []])
def test_signing_in_takes_a_key_and_nothing_else(anyone, body):
    assert is_short_problem(anyone.post("/session", json=body, headers=OURS), 422)


def test_signing_out_ends_every_copy_of_the_cookie(app, page):
    copy = app.test_client()
    copy.set_cookie("storyclip", page.get_cookie("storyclip").value)
    assert copy.get(BATCHES).status_code == 200

    answer = page.delete("/session", headers=OURS)

    assert (answer.status_code, page.get_cookie("storyclip")) == (204, None)
    assert copy.get(BATCHES).status_code == 401


def test_signing_in_again_ends_the_session_before(app, page, ana):
    copy = app.test_client()
    copy.set_cookie("storyclip", page.get_cookie("storyclip").value)

    page.post("/session", json={"apiKey": ana.key}, headers=OURS)

    assert copy.get(BATCHES).status_code == 401
    assert page.get(BATCHES).status_code == 200


def test_signing_out_without_a_session_is_no_mistake(anyone):
    assert anyone.delete("/session", headers=OURS).status_code == 204


def test_a_session_ends_with_its_key(page, ana):
    keys.revoke(key_id(ana), NOON)

    assert page.get(BATCHES).status_code == 401
    assert page.get("/session").status_code == 401


def test_a_session_ends_with_its_time_and_leaves_no_row(page, ana, clock):
    for _ in range(11):
        clock.move(HOUR_S)
        assert page.get(BATCHES).status_code == 200
    clock.move(HOUR_S - 1)
    assert page.get(BATCHES).status_code == 200

    clock.move(1)

    assert page.get(BATCHES).status_code == 401
    page.post("/session", json={"apiKey": ana.key}, headers=OURS)
    assert rows("sessions") == 1


@pytest.mark.parametrize("token", ["x", "ñ", "a" * 5000, "%00", '"\\303\\261"'])
def test_a_made_up_cookie_is_no_session(anyone, token):
    answer = anyone.get(BATCHES, headers={"Cookie": f"storyclip={token}"})

    assert is_short_problem(answer, 401)


def test_the_database_does_not_know_the_cookie(page):
    with database.reading():
        stored = repr(database.run("SELECT * FROM sessions").fetchall())

    assert page.get_cookie("storyclip").value not in stored


def test_a_key_in_a_header_goes_before_the_session(page, bea):
    assert page.get("/session", headers={"X-Api-Key": bea.key}).json["userId"] == "bea"
    assert page.get("/session", headers={"X-Api-Key": "wrong"}).status_code == 401


def test_a_link_signs_in_once(app, ana):
    token = signin_links.issue(key_id(ana), NOON)
    first, second = app.test_client(), app.test_client()

    opened = first.get(f"/signin?token={token}")
    again = second.get(f"/signin?token={token}")

    assert (opened.status_code, opened.headers["Location"]) == (303, "/")
    assert first.get("/session").json["userId"] == "ana"
    assert is_short_problem(again, 401)
    assert second.get("/session").status_code == 401


def test_a_person_whose_link_is_used_up_reads_it_on_the_page_and_a_program_as_a_problem(app):
    person, accept = app.test_client(), "text/html,application/xhtml+xml,*/*;q=0.8"

    led = person.get("/signin?token=used", headers={"Accept": accept})
    shown = person.get(led.headers["Location"], headers={"Accept-Language": "es"})
    program = person.get("/signin?token=used", headers={"Accept": "*/*"})

    assert led.status_code == 303
    assert "Ese enlace ya se ha usado" in shown.text
    assert person.get("/session").status_code == 401
    assert is_short_problem(program, 401)


def test_a_link_that_is_opened_again_leads_who_is_signed_in_to_the_page(app, page):
    led = page.get("/signin?token=used", headers={"Accept": "text/html,*/*;q=0.8"})

    assert page.get("/session").json["userId"] == "ana"
    assert 'id="signin"' not in page.get(led.headers["Location"]).text


def test_looking_at_a_link_does_not_use_it_up(app, ana):
    token = signin_links.issue(key_id(ana), NOON)
    app.test_client().head(f"/signin?token={token}")

    assert app.test_client().get(f"/signin?token={token}").status_code == 303


def test_a_link_is_good_for_minutes(app, ana, clock):
    token = signin_links.issue(key_id(ana), NOON)
    clock.move(signin_links.SIGNIN_LASTS.total_seconds())

    assert app.test_client().get(f"/signin?token={token}").status_code == 401


def test_a_link_of_a_revoked_key_opens_nothing(app, ana):
    token = signin_links.issue(key_id(ana), NOON)
    keys.revoke(key_id(ana), NOON)
    browser = app.test_client()

    browser.get(f"/signin?token={token}")

    assert browser.get("/session").status_code == 401


def test_a_link_is_no_cookie_and_a_cookie_no_link(app, page, ana):
    token = signin_links.issue(key_id(ana), NOON)
    other = app.test_client()
    other.set_cookie("storyclip", token)

    assert other.get("/session").status_code == 401
    cookie = page.get_cookie("storyclip").value
    assert app.test_client().get(f"/signin?token={cookie}").status_code == 401


def test_of_twenty_who_open_one_link_at_once_one_is_signed_in(store):
    key = key_for("ana", {"read"}, at=NOON)
    token = signin_links.issue(key.split("_")[1], NOON)

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda _: signin_links.redeem(token, NOON), range(20)))

    assert [one for one in found if one] == [key.split("_")[1]]


def signed_in_by(user: str | None = None) -> str | None:
    who = signin_links.who_signs_in(NOON, user)
    return who.key_id if who else None


def test_who_starts_the_service_signs_in_as_an_admin_else_with_the_oldest_key_that_may_publish(
    store,
):
    assert signin_links.who_signs_in(NOON) is None
    reader = key_for("reader", {"read"}, at=NOON)
    key_for("gone", {"admin"}, at=NOON, expires_at=NOON)
    oldest = key_for("ana", {"publish"}, at=NOON + timedelta(seconds=1))
    key_for("bea", {"publish"}, at=NOON + timedelta(seconds=2))
    assert signed_in_by() == oldest.split("_")[1]

    admins = key_for("root", {"admin"}, at=NOON + timedelta(seconds=3))

    assert signed_in_by() == admins.split("_")[1]
    assert signed_in_by("ana") == oldest.split("_")[1]
    assert signed_in_by("reader") == reader.split("_")[1]
    assert signed_in_by("gone") is None


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_a_link_on_another_site_signs_nobody_in_and_stays_good(app, ana, verb):
    token = signin_links.issue(key_id(ana), NOON)
    link, browser = f"/signin?token={token}", app.test_client()
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}

    refused = browser.open(link, method=verb, headers=from_elsewhere)
    person = browser.open(link, headers=from_elsewhere | {"Accept": "text/html"})

    assert verb == "HEAD" or refused.get_json()["code"] == "origin_refused"
    assert person.headers["Location"] == "/?link=elsewhere"
    assert browser.get("/session").status_code == 401
    shown = browser.get("/?link=elsewhere", headers={"Accept-Language": "es"})
    assert "sigue siendo válido" in shown.text
    assert browser.get(link).headers["Location"] == "/"
    assert browser.get("/session").json["userId"] == "ana"
