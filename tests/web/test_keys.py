"""Keys in the database: hashed, seeded from the environment, the first one made once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import blake2b

import pytest

from config.seed_keys import parse_seed_keys
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import Scope
from storyclip.domain.names import EVERY, names
from storyclip.store import database
from storyclip.store.access import api_keys, keys, seeding
from tests.people import key_for
from tests.web.conftest import NOON, rows

MINUTE = timedelta(minutes=1)
ABC, DEF, SHOWN = (word.ljust(32, "-") for word in ("abc", "def", "some-secret"))


def everything_stored() -> str:
    with database.reading():
        found = [
            *database.run("SELECT * FROM api_keys").fetchall(),
            *database.run("SELECT * FROM installation").fetchall(),
        ]
    return repr(found)


def last_used(key_id):
    with database.reading():
        found = database.run("SELECT last_used_at FROM api_keys WHERE key_id = ?", (key_id,))
        return found.fetchone()[0]


def test_a_key_has_the_form_that_logs_mask(store):
    key = key_for("ana", {"read"}, at=NOON)

    assert re.fullmatch(r"sc_[0-9a-z]+_[A-Za-z0-9_-]{43}", key)


def test_a_key_is_found_with_what_it_may(store):
    key = key_for("ana", {"read", "publish"}, {"2", "1"}, at=NOON)

    holder = keys.holder_of(key, NOON)

    assert holder is not None
    assert (holder.user_id, set(holder.scopes)) == ("ana", {"read", "publish"})
    assert holder.accounts == names({"1", "2"})


def test_an_empty_list_of_accounts_allows_none_of_them(store):
    holder = keys.holder_of(key_for("ana", {"read"}, [], at=NOON), NOON)

    assert holder is not None
    assert not holder.may_use("1")


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "write"]])
def test_a_scope_that_does_not_exist_makes_no_key(store, scopes):
    with pytest.raises(ValueError, match="scopes"):
        key_for("ana", scopes, at=NOON)

    assert rows("api_keys") == 0


def test_the_database_does_not_know_the_keys(store):
    key = key_for("ana", {"read"}, at=NOON)
    seeding.seed(parse_seed_keys(f"{SHOWN}:bea:read"), NOON)

    assert key.split("_", 2)[2] not in everything_stored()
    assert SHOWN not in everything_stored()


def test_the_same_key_has_another_hash_in_another_installation(store):
    seeds = parse_seed_keys(f"{ABC}:user1:read")
    seeding.seed(seeds, NOON)
    with database.writing():
        first = database.run("SELECT secret_hash FROM api_keys").fetchone()
        for table in ("api_keys", "installation"):
            database.run(f"DELETE FROM {table}")
    seeding.seed(seeds, NOON)

    with database.reading():
        assert database.run("SELECT secret_hash FROM api_keys").fetchone() != first


def test_twenty_first_keys_at_once_share_one_pepper(store):
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda n: key_for(f"u{n}", {"read"}, at=NOON), range(20)))

    holders = [keys.holder_of(key, NOON) for key in made]
    assert [holder and holder.user_id for holder in holders] == [f"u{n}" for n in range(20)]


def test_a_seeded_key_works_as_the_environment_says(store):
    seeding.seed(parse_seed_keys(f"{ABC}:user1:publish+read@*,{DEF}:user2:read@5+6"), NOON)

    first, second = keys.holder_of(ABC, NOON), keys.holder_of(DEF, NOON)

    assert first is not None
    assert (first.user_id, set(first.scopes)) == ("user1", {"publish", "read"})
    assert first.accounts == EVERY
    assert second is not None
    assert (second.user_id, second.accounts) == ("user2", names({"5", "6"}))


def test_a_seeded_key_may_look_like_one_of_ours(store):
    key = f"sc_abc_{'x' * 43}"
    seeding.seed(parse_seed_keys(f"{key}:user1:read"), NOON)

    assert keys.holder_of(key, NOON) is not None


def test_seeding_again_changes_only_what_changed(store):
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON)
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON + MINUTE)
    seeding.seed(parse_seed_keys(f"{ABC}:user1:admin"), NOON + MINUTE)

    holder = keys.holder_of(ABC, NOON)
    assert rows("api_keys") == 1
    assert holder is not None
    assert holder.scopes == {"admin"}


def test_a_seed_that_is_taken_out_is_revoked_and_comes_back_with_it(store):
    both = parse_seed_keys(f"{ABC}:user1:read,{DEF}:user2:read")
    seeding.seed(both, NOON)

    seeding.seed(both[1:], NOON)
    assert keys.holder_of(ABC, NOON) is None
    assert keys.holder_of(DEF, NOON) is not None

    seeding.seed(both, NOON)
    assert keys.holder_of(ABC, NOON) is not None


def unkeyed_id(key):
    """What an earlier release called a seeded key."""
    digest = blake2b(key.encode(), digest_size=6, person=b"storyclip-key-id")
    return f"seed-{digest.hexdigest()}"


def test_nobody_can_tell_by_its_id_whether_a_guessed_key_is_the_seeded_one(store):
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON)
    here = api_keys.every()[0].key_id
    with database.writing():
        database.run("DELETE FROM installation")
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON)

    assert here != unkeyed_id(ABC)
    assert len({key.key_id for key in api_keys.every()}) == 2  # the pepper, and with it the id


def test_a_seeded_key_of_an_earlier_release_gets_another_id_and_its_old_row_ends_in_a_day(store):
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON)
    with database.writing():
        database.run("UPDATE api_keys SET key_id = ?", (unkeyed_id(ABC),))

    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON)
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON + MINUTE)

    assert keys.holder_of(ABC, NOON + timedelta(days=2)) is not None
    assert keys.holder_with_id(unkeyed_id(ABC), None, NOON + MINUTE)
    assert not keys.holder_with_id(unkeyed_id(ABC), None, NOON + timedelta(days=1))


def test_seeding_leaves_made_keys_alone(store):
    key = key_for("ana", {"read"}, at=NOON)

    seeding.seed((), NOON)

    assert keys.holder_of(key, NOON) is not None


def test_the_first_start_makes_one_key_that_may_do_everything(store):
    key = seeding.first_start(NOON)

    assert key is not None
    holder = keys.holder_of(key, NOON)
    assert holder is not None
    assert (holder.user_id, holder.accounts) == ("local", EVERY)
    assert all(holder.may(scope) for scope in (Scope.PUBLISH, Scope.READ, Scope.ADMIN))


def test_ten_first_starts_at_once_make_one_key(store):
    with ThreadPoolExecutor(10) as threads:
        made = list(threads.map(lambda _: seeding.first_start(NOON), range(10)))

    assert len([key for key in made if key]) == 1
    assert rows("api_keys") == 1


def test_no_first_key_where_one_is_seeded(store):
    seeding.seed(parse_seed_keys(f"{ABC}:user1:read"), NOON)

    assert seeding.first_start(NOON) is None


def test_a_first_key_that_was_revoked_does_not_come_back(store):
    key = seeding.first_start(NOON)
    assert key is not None
    keys.revoke(key.split("_")[1], NOON)

    assert seeding.first_start(NOON) is None


def test_revoking_says_whether_there_was_something_to_revoke(store):
    key_id = key_for("ana", {"read"}, at=NOON).split("_")[1]

    assert keys.revoke(key_id, NOON) is True
    assert keys.revoke(key_id, NOON) is False
    assert keys.revoke("nobody", NOON) is False


def test_the_last_use_is_written_at_most_once_a_minute(store):
    key = key_for("ana", {"read"}, at=NOON)
    key_id = key.split("_")[1]
    assert last_used(key_id) is None

    keys.holder_of(key, NOON)
    assert last_used(key_id) == "2026-12-01T12:00:00.000000Z"
    keys.holder_of(key, NOON + MINUTE * 0.9)
    assert last_used(key_id) == "2026-12-01T12:00:00.000000Z"
    keys.holder_of(key, NOON + MINUTE)
    assert last_used(key_id) == "2026-12-01T12:01:00.000000Z"


def test_a_use_that_cannot_be_written_does_not_stop_the_request(store, monkeypatch):
    key = key_for("ana", {"read"}, at=NOON)

    def full():
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(keys, "writing", full)

    assert keys.holder_of(key, NOON) is not None
