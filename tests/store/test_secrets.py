"""The peppers: sealed, exchanged while keys and webhooks go on, and worth nothing when stolen."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b

import pytest

from config.seed_keys import parse_seed_keys
from storyclip.domain.errors import NotFound, SecretMissing, StillNeeded
from storyclip.domain.holder import Badge
from storyclip.store import database
from storyclip.store.access import (
    api_keys,
    keys,
    pepper,
    rotation,
    sealing,
    seeding,
    sessions,
    tickets,
    webhook_secrets,
)
from tests.people import session_of
from tests.store.making import T0

OURS, NEW = "the-secret-of-this-installation-" * 2, "another-secret-for-the-same-one--" * 2
SEEDED = "seeded-key-" * 4
BADGE = Badge("k", None)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def seal() -> int:
    return pepper.seal(T0)


def use(*secrets: str) -> None:
    sealing.use(lambda: secrets)
    pepper._known = None  # as in another process


@pytest.fixture(autouse=True)
def _no_secret_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keys, "_noted_at", {})
    yield
    use()


@pytest.fixture
def key(store: str) -> str:
    """A key of an installation whose pepper lies open."""
    seeding.seed(parse_seed_keys(f"{SEEDED}:env:read"), T0)
    return keys.make("ana", {"publish", "read"}, at=T0)


def kept() -> dict[str, str]:
    """The installation's rows."""
    with database.reading():
        return dict(database.run("SELECT name, value FROM installation").fetchall())


def everything_kept() -> list[str]:
    """Each value that the tables of secrets have: what a thief of the database has."""
    with database.reading():
        tables = ("installation", "api_keys", "sessions", "tickets", "webhook_secrets")
        rows = [database.run(f"SELECT * FROM {table}").fetchall() for table in tables]
    return [str(value) for row in itertools.chain(*rows) for value in row if value is not None]


def pepper_of(key: str) -> str | None:
    with database.reading():
        found = database.run(
            "SELECT pepper_id FROM api_keys WHERE key_id = ?", (key.split("_")[1],)
        )
        (pepper_id,) = found.fetchone()
    return None if pepper_id is None else str(pepper_id)


def good(key: str, at: datetime = T0) -> bool:
    return keys.holder_of(key, at) is not None


# Sealed


def test_without_a_secret_the_pepper_lies_open(key):
    assert pepper.seal(T0) == 0
    assert len(bytes.fromhex(kept()["pepper"])) == 32


def test_the_first_start_with_a_secret_seals_the_pepper_and_all_goes_on(key):
    before, secrets = kept()["pepper"], webhook_secrets.of_user("ana", T0)
    ticket, session = tickets.issue(BADGE, T0), session_of(key, T0)
    use(OURS)

    assert pepper.seal(T0) == 1

    assert before not in "".join(everything_kept())
    pepper._known = None
    assert good(key)
    assert good(SEEDED)
    assert webhook_secrets.of_user("ana", T0) == secrets
    assert tickets.badge_of(ticket, T0) == BADGE
    assert sessions.holder_of(session, T0) is not None


def test_sealing_again_changes_nothing(key):
    use(OURS)
    pepper.seal(T0)
    before = kept()

    assert pepper.seal(T0) == 0
    assert kept() == before


def test_a_process_that_runs_since_before_goes_on_without_the_secret(key):
    assert good(key)
    known = pepper._known
    use(OURS)
    pepper.seal(T0)
    sealing.use(tuple)
    pepper._known = known

    assert good(key)


def test_without_its_secret_nobody_is_known_and_the_words_name_it(key):
    use(OURS)
    pepper.seal(T0)
    use(NEW)

    for asks in (lambda: good(key), seal, lambda: webhook_secrets.of_user("ana", T0)):
        with pytest.raises(SecretMissing, match=sealing.id_of(OURS)):
            asks()
    assert OURS not in sealing.id_of(OURS)


def test_another_secret_seals_while_the_one_before_still_opens(key):
    use(OURS)
    pepper.seal(T0)

    use(NEW, OURS)
    assert good(key)
    assert pepper.seal(T0) == 1
    use(NEW)

    assert good(key)
    assert pepper.seals() == {"": sealing.id_of(NEW)}


def test_what_was_changed_in_the_database_is_not_believed(key):
    use(OURS)
    pepper.seal(T0)
    whole = kept()["pepper"]
    changed = whole[:-8] + ("A" if whole[-8] != "A" else "B") + whole[-7:]
    with database.writing():
        database.run("UPDATE installation SET value = ? WHERE name = 'pepper'", (changed,))
    use(OURS)

    with pytest.raises(SecretMissing, match="changed"):
        good(key)


def test_a_stolen_database_opens_nothing_and_signs_nothing(key):
    use(OURS)
    pepper.seal(T0)
    rotation.rotate_pepper(T0)
    webhook_secrets.rotate("ana", T0, DAY)
    good(key, T0 + DAY)
    session = session_of(key, T0)
    ticket = tickets.issue(BADGE, T0)
    signs = webhook_secrets.of_user("ana", T0)
    rows = kept()
    stolen = everything_kept()
    use()

    assert not {key, SEEDED, session, ticket} & {*stolen}
    for value in stolen:  # each tried as the pepper, in each form that it could have
        for guess in (value.encode(), blake2b(value.encode()).digest(), _as_hex(value)):
            for purpose in ("webhook:ana", *(f"webhook-{salt}:ana" for salt in stolen)):
                assert pepper.derived(guess[:64], purpose) not in signs
        assert tickets.badge_of(value, T0) is None
        assert sessions.holder_of(value, T0) is None
    with pytest.raises(SecretMissing):
        keys.holder_of(key, T0)
    assert all(
        sealing.sealed_by(rows[name])
        for name in rows
        if name.startswith("pepper") and name != "pepper_in_use"
    )


def _as_hex(value: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError:
        return b"x"


# Exchanged


def test_a_new_pepper_takes_nothing_from_anybody(key):
    secrets, ticket = webhook_secrets.of_user("ana", T0), tickets.issue(BADGE, T0)

    rotation.rotate_pepper(T0)

    assert good(key)
    assert good(SEEDED)
    assert webhook_secrets.of_user("ana", T0) == secrets
    assert tickets.badge_of(ticket, T0) == BADGE


def test_a_process_that_has_not_heard_of_it_knows_keys_made_with_it(key):
    known = pepper._known
    rotation.rotate_pepper(T0)
    later = keys.make("bea", {"read"}, at=T0)
    pepper._known = known

    assert good(later)


def test_a_key_is_hashed_with_it_when_it_is_used_next(key):
    new = rotation.rotate_pepper(T0)
    assert pepper_of(key) is None

    assert good(key, T0 + MINUTE)

    assert pepper_of(key) == new
    assert good(key, T0 + 2 * MINUTE)


def test_a_process_that_knows_only_the_one_before_takes_no_key_back_to_it(key):
    known = pepper._known
    new = rotation.rotate_pepper(T0)
    good(key, T0 + MINUTE)
    pepper._known = known

    assert good(key, T0 + 3 * MINUTE)
    assert pepper_of(key) == new


def test_a_seeded_key_keeps_its_id(key):
    before = {one.key_id for one in api_keys.every()}
    rotation.rotate_pepper(T0)

    seeding.seed(parse_seed_keys(f"{SEEDED}:env:read"), T0 + MINUTE)

    assert {one.key_id for one in api_keys.every()} == before


def test_the_one_before_is_forgotten_only_when_nothing_hangs_on_it(key):
    new = rotation.rotate_pepper(T0)
    with pytest.raises(StillNeeded, match="webhooks of ana, env"):
        rotation.retire_pepper("", T0)
    for user in ("ana", "env"):
        webhook_secrets.rotate(user, T0, MINUTE)
    later = T0 + 2 * MINUTE
    with pytest.raises(StillNeeded, match="2 keys"):
        rotation.retire_pepper("", later)
    good(key, later)
    good(SEEDED, later)

    assert rotation.retire_pepper("", later) == 0

    pepper._known = None
    assert good(key, later)
    assert good(SEEDED, later)
    assert [one.pepper_id for one in rotation.standing(later)] == [new]


def test_keys_that_were_not_used_since_end_with_it_when_that_is_said(key):
    rotation.rotate_pepper(T0)
    for user in ("ana", "env"):
        webhook_secrets.rotate(user, T0, timedelta(0))

    assert rotation.retire_pepper("", T0, revoke_keys=True) == 2

    assert not good(key)


@pytest.mark.parametrize("name", ["", "nobody"])
def test_the_pepper_in_use_is_not_forgotten(key, name):
    with pytest.raises(NotFound):
        rotation.retire_pepper(name, T0, revoke_keys=True)


def test_a_third_pepper_takes_over_from_the_second(key):
    rotation.rotate_pepper(T0)
    good(key, T0 + MINUTE)

    newest = rotation.rotate_pepper(T0 + 2 * MINUTE)
    good(key, T0 + 3 * MINUTE)

    assert pepper_of(key) == newest
    assert good(SEEDED, T0 + 4 * MINUTE)


def test_a_pepper_taken_into_use_under_a_secret_is_sealed(key):
    use(OURS)
    pepper.seal(T0)

    new = rotation.rotate_pepper(T0)

    assert pepper.seals() == {"": sealing.id_of(OURS), new: sealing.id_of(OURS)}


# Webhooks


def test_both_secrets_of_a_user_sign_until_the_grace_is_over(key):
    (old,) = webhook_secrets.of_user("ana", T0)

    new = webhook_secrets.rotate("ana", T0, DAY)

    assert webhook_secrets.of_user("ana", T0 + DAY - MINUTE) == [new, old]
    assert webhook_secrets.of_user("ana", T0 + DAY) == [new]


def test_the_secrets_of_others_stay(key):
    others = webhook_secrets.of_user("env", T0)

    webhook_secrets.rotate("ana", T0, DAY)

    assert webhook_secrets.of_user("env", T0) == others


def test_a_second_exchange_within_the_grace_lengthens_nothing(key):
    (old,) = webhook_secrets.of_user("ana", T0)
    webhook_secrets.rotate("ana", T0, MINUTE)
    webhook_secrets.rotate("ana", T0, DAY)

    assert old not in webhook_secrets.of_user("ana", T0 + MINUTE)


def test_who_is_no_user_has_no_secret_to_exchange(key):
    with pytest.raises(NotFound):
        webhook_secrets.rotate("nobody", T0, DAY)
