"""Who may do what, and that a bad key learns nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storyclip.domain.user import Role
from storyclip.store.access import keys
from tests.people import key_for
from tests.web.conftest import NOON, PUBLISH, Someone, good

API = "/api/metricool"
READS = [
    f"{API}/status?batchId=x",
    f"{API}/batch/x",
    f"{API}/batch/user-active",
    f"{API}/batches/active",
    f"{API}/batches",
    f"{API}/brands",
]


def key_id(key: str) -> str:
    return key.split("_")[1]


@pytest.fixture
def bad_keys() -> dict[str, str]:
    good_key = key_for("ana", {"admin"}, at=NOON)
    revoked = key_for("ana", {"admin"}, at=NOON)
    keys.revoke(key_id(revoked), NOON)
    last = "A" if good_key[-1] != "A" else "B"
    return {
        "missing": "",
        "nonsense": "x",
        "with an accent": "ñ",
        "very long": "k" * 5000,
        "unknown": f"sc_0123456789ab_{'A' * 43}",
        "wrong": good_key[:-1] + last,
        "half": good_key[:-20],
        "its id alone": key_id(good_key),
        "expired": key_for("ana", {"admin"}, at=NOON, expires_at=NOON),
        "revoked": revoked,
    }


@pytest.mark.parametrize("path", READS)
def test_all_bad_keys_get_the_same_answer(anyone, bad_keys, path):
    answers = {
        (answer.status_code, answer.data, answer.headers["WWW-Authenticate"])
        for key in bad_keys.values()
        for answer in [anyone.get(path, headers={"X-Api-Key": key})]
    }

    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_publishing_needs_a_key_whatever_the_body(anyone, bad_keys):
    for key in bad_keys.values():
        refused = anyone.post(PUBLISH, data=b"{", headers={"X-Api-Key": key})

        assert refused.status_code == 401
        assert refused.content_type == "application/problem+json"


def test_a_key_may_come_as_bearer(anyone, ana):
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {ana.key}"}
        assert anyone.get(f"{API}/batches", headers=headers).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_a_key_under_another_scheme_is_none(anyone, ana, scheme):
    headers = {"Authorization": f"{scheme} {ana.key}"}

    assert anyone.get(f"{API}/batches", headers=headers).status_code == 401


@pytest.mark.parametrize("name", ["key", "apiKey", "api_key", "x-api-key", "token", "access_token"])
def test_a_key_in_the_query_is_not_looked_at(anyone, ana, name):
    assert anyone.get(f"{API}/batches?{name}={ana.key}").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "may_publish", "may_read"),
    [
        ({"publish"}, True, True),
        ({"read"}, False, True),
        ({"publish", "read"}, True, True),
        ({"admin"}, True, True),
    ],
    ids=["publish", "read", "both", "admin"],
)
def test_scopes_open_what_they_say(anyone, scopes, may_publish, may_read):
    someone = Someone(anyone, key_for("ana", scopes, at=NOON))

    published, read = someone.publish(), someone.get(f"{API}/batches")

    assert published.status_code == (202 if may_publish else 403)
    assert read.status_code == (200 if may_read else 403)


def test_a_missing_scope_is_told(anyone):
    reader = Someone(anyone, key_for("ana", {"read"}, at=NOON))

    refused = reader.publish()

    assert refused.get_json()["code"] == "scope_missing"
    assert "`publish`" in refused.get_json()["detail"]


def test_a_role_that_is_not_enough_is_told_as_the_role(anyone):
    viewer = Someone(anyone, key_for("vera", {"publish"}, at=NOON, role=Role.VIEWER))

    refused = viewer.publish().get_json()

    assert refused["code"] == "scope_missing"
    assert "needs the scope" not in refused["detail"]  # it has that one
    assert "viewer" in refused["detail"]


def test_who_publishes_sees_what_became_of_it(anyone):
    publisher = Someone(anyone, key_for("ana", {"publish"}, at=NOON))
    links = publisher.publish(good()).get_json()["links"]

    assert publisher.get(links["status"]).status_code == 200


def test_a_key_ends_with_its_time(anyone, clock):
    until = NOON + timedelta(minutes=5)
    someone = Someone(anyone, key_for("ana", {"read"}, at=NOON, expires_at=until))

    clock.move(299)
    assert someone.get(f"{API}/batches").status_code == 200
    clock.move(1)
    assert someone.get(f"{API}/batches").status_code == 401


def test_a_revoked_key_is_refused_at_once(ana):
    assert ana.get(f"{API}/batches").status_code == 200
    keys.revoke(key_id(ana.key), NOON)

    assert ana.get(f"{API}/batches").status_code == 401
