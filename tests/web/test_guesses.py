"""Keys that are tried out: the guesser waits, and who holds a good key does not."""

from __future__ import annotations

import hmac

import pytest

from config.seed_keys import parse_seed_keys
from storyclip.store import database
from storyclip.store.access import api_keys, key_hashes, keys, pepper, seeding
from storyclip.web.door.guesses import MOST_ADDRESSES, MOST_OF_ALL, MOST_OF_ONE, Guesses
from tests.people import key_for
from tests.web.conftest import NOON

BATCHES = "/api/metricool/batches"


def tried(anyone, key, address="203.0.113.7", **headers):
    return anyone.get(
        BATCHES, headers={"X-Api-Key": key, **headers}, environ_overrides={"REMOTE_ADDR": address}
    )


def exhausted(anyone, address="203.0.113.7"):
    answers = [tried(anyone, f"guess-{n}", address).status_code for n in range(MOST_OF_ONE)]
    assert answers == [401] * MOST_OF_ONE


def test_who_tries_too_many_keys_waits_and_may_try_again_later(anyone, clock):
    exhausted(anyone)

    refused = tried(anyone, "guess")
    clock.move(int(refused.headers["Retry-After"]))
    later = tried(anyone, "guess")

    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_tries")
    assert later.status_code == 401


def test_good_keys_go_on_working_from_where_somebody_guesses(anyone, ana):
    exhausted(anyone)

    assert tried(anyone, ana.key).status_code == 200


def test_a_key_that_is_good_no_more_is_one_that_is_tried_out(app, anyone, ana):
    assert tried(anyone, ana.key).status_code == 200
    keys.revoke(ana.key.split("_")[1], NOON)

    assert tried(anyone, ana.key).status_code == 401
    assert not app.extensions["storyclip.door"].guesses.whose(ana.key)


def test_a_weak_key_cannot_be_found_while_waiting_but_goes_on_working_if_it_was_used(anyone):
    hunter2, hunter3 = "hunter2" * 5, "hunter3" * 5
    seeding.seed(parse_seed_keys(f"{hunter2}:ana:read,{hunter3}:bea:read"), NOON)
    assert tried(anyone, hunter2).status_code == 200
    exhausted(anyone)

    assert tried(anyone, hunter2).status_code == 200
    assert tried(anyone, hunter3).status_code == 429
    assert tried(anyone, hunter3, "203.0.113.8").status_code == 200


def test_another_address_need_not_wait_and_no_header_makes_one_another(anyone):
    exhausted(anyone)

    assert tried(anyone, "guess", "203.0.113.8").status_code == 401
    assert tried(anyone, "guess", **{"X-Forwarded-For": "203.0.113.8"}).status_code == 429


def test_all_addresses_of_an_ipv6_network_are_one(anyone):
    exhausted(anyone, "2606:4700:1:2::1")

    assert tried(anyone, "guess", "2606:4700:1:2:ffff::9").status_code == 429
    assert tried(anyone, "guess", "2606:4700:1:3::1").status_code == 401


def test_an_ipv4_address_is_itself_also_when_mapped():
    guesses = Guesses(of_one=1)
    guesses.failed("::ffff:203.0.113.7", NOON)

    assert guesses.wait_s("203.0.113.7", NOON)
    assert not guesses.wait_s("::ffff:203.0.113.8", NOON)


def test_a_search_from_many_addresses_ends_as_well():
    guesses = Guesses()
    for n in range(MOST_OF_ALL):
        guesses.failed(f"10.0.{n // 250}.{n % 250}", NOON)

    assert guesses.wait_s("192.0.2.1", NOON) == 60


def test_a_flood_of_addresses_fills_no_memory():
    guesses = Guesses()
    for n in range(MOST_ADDRESSES + 500):
        guesses.failed(f"10.{n // 62500}.{n // 250 % 250}.{n % 250}", NOON)

    assert len(guesses._failed) == MOST_ADDRESSES


def test_no_key_at_all_is_no_attempt(anyone):
    for _ in range(MOST_OF_ONE + 5):
        assert tried(anyone, "").status_code == 401


def work_for(key, monkeypatch):
    """What is asked and hashed for a key, in its order."""
    done: list[str] = []

    def noting(what, call):
        def noted(*args):
            done.append(what)
            return call(*args)

        return noted

    with monkeypatch.context() as patch:
        for module in (pepper, api_keys):
            patch.setattr(module, "run", noting("ask", database.run))
        patch.setattr(key_hashes, "digest", noting("digest", key_hashes.digest))
        patch.setattr(hmac, "compare_digest", noting("compare", hmac.compare_digest))
        assert keys.holder_of(key, NOON) is None
    return done


def test_the_same_work_is_done_for_every_bad_key(sqlite, monkeypatch):
    good = key_for("ana", {"read"}, at=NOON)
    revoked = key_for("ana", {"read"}, at=NOON)
    keys.revoke(revoked.split("_")[1], NOON)
    expired = key_for("ana", {"read"}, at=NOON, expires_at=NOON)
    wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
    unknown = f"sc_0123456789ab_{'A' * 43}"

    works = [work_for(key, monkeypatch) for key in (unknown, wrong, expired, revoked, "nonsense")]

    assert works == [["ask", "digest", "compare"]] * 5


@pytest.mark.parametrize("address", ["", "unix:", None])
def test_a_line_without_an_address_is_counted_too(address):
    guesses = Guesses(of_one=1)
    guesses.failed(address, NOON)

    assert guesses.wait_s(address, NOON)
