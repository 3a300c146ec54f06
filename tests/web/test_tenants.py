"""What belongs to one user does not exist for another."""

from __future__ import annotations

import pytest

from config.settings import Settings
from storyclip.web.factory import create_app
from tests.people import key_for
from tests.web.conftest import NOON, Someone, good

API = "/api/metricool"
ONE_BATCH = [f"{API}/status?batchId={{}}", f"{API}/batch/{{}}"]
MANY_BATCHES = [f"{API}/batch/user-active", f"{API}/batches/active", f"{API}/batches"]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def seen(answer) -> tuple[int, bytes, list[tuple[str, str]]]:
    told = [(name, value) for name, value in answer.headers if name != "RateLimit"]
    return answer.status_code, answer.data, sorted(told)


@pytest.mark.parametrize("path", ONE_BATCH)
def test_a_batch_is_seen_by_its_owner_alone(ana, bea, path):
    batch_id = ana.publish().get_json()["batchId"]

    assert ana.get(path.format(batch_id)).status_code == 200
    assert bea.get(path.format(batch_id)).status_code == 404


@pytest.mark.parametrize("path", ONE_BATCH)
def test_somebody_else_s_batch_looks_exactly_like_none(ana, bea, path):
    batch_id = ana.publish().get_json()["batchId"]

    assert seen(bea.get(path.format(batch_id))) == seen(bea.get(path.format(UNKNOWN)))


@pytest.mark.parametrize("path", ONE_BATCH)
@pytest.mark.parametrize("odd", ["x", "%00", "%ff", "a%20b", "'%20OR%201=1--", "x" * 5000])
def test_what_cannot_be_a_batch_s_id_looks_the_same(ana, path, odd):
    assert seen(ana.get(path.format(odd))) == seen(ana.get(path.format(UNKNOWN)))


@pytest.mark.parametrize("path", ONE_BATCH)
def test_either_database_knows_a_batch_and_no_odd_id(store, clock, metricool, redis, path):
    settings = Settings.from_environment({}, needs_upstream=False)
    client = create_app(settings, metricool, clock, redis.answers).test_client()
    someone = Someone(client, key_for("ana", {"publish"}, at=NOON))
    headers = {"Idempotency-Key": "k1"}
    made = [someone.publish(headers=headers).get_json()["batchId"] for _ in range(2)]

    assert made[0] == made[1]
    assert someone.get(path.format(made[0])).status_code == 200
    assert someone.get(path.format("%00")).status_code == 404


@pytest.mark.parametrize("path", MANY_BATCHES)
def test_a_list_holds_the_caller_s_batches_alone(ana, bea, path):
    hers = ana.publish().get_json()["batchId"]
    his = bea.publish().get_json()["batchId"]

    assert [one["batchId"] for one in ana.get(path).get_json()["batches"]] == [hers]
    assert [one["batchId"] for one in bea.get(path).get_json()["batches"]] == [his]


def test_a_cursor_from_somebody_else_shows_nothing_of_theirs(ana, bea, clock):
    for _ in range(3):
        ana.publish()
        clock.move(1)
    next_page = ana.get(f"{API}/batches?limit=1").headers["Link"].split(">")[0].strip("<")

    assert bea.get(next_page).get_json()["batches"] == []


def test_asking_for_somebody_else_s_batches_needs_admin(ana, bea):
    bea.publish()

    refused = ana.get(f"{API}/batches?userId=bea")
    own = ana.get(f"{API}/batches?userId=ana")

    assert (refused.status_code, refused.get_json()["code"]) == (403, "scope_missing")
    assert own.status_code == 200


def test_an_administrator_sees_everybody_s_batches_and_may_filter(ana, bea, root):
    ana.publish()
    bea.publish()

    everybody = root.get(f"{API}/batches").get_json()["batches"]
    hers = root.get(f"{API}/batches?userId=ana").get_json()["batches"]

    assert {one["tenant"] for one in everybody} == {"ana", "bea"}
    assert [one["tenant"] for one in hers] == ["ana"]


def test_a_key_shows_only_the_brands_it_is_for(anyone):
    limited = Someone(anyone, key_for("ana", {"read"}, {"2000002"}, at=NOON))

    brands = limited.get(f"{API}/brands").get_json()["brands"]

    assert [brand["id"] for brand in brands] == ["2000002"]


def test_two_keys_of_one_user_see_the_same_batches(ana, anyone):
    batch_id = ana.publish(good()).get_json()["batchId"]
    other = Someone(anyone, key_for("ana", {"read"}, at=NOON))

    assert other.get(f"{API}/batch/{batch_id}").status_code == 200
