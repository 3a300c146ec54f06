"""Keys as their keeper handles them: listed without secrets, replaced with or without a grace."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from config.seed_keys import parse_seed_keys
from storyclip.cli.main import main
from storyclip.domain.errors import NotFound
from storyclip.domain.names import names
from storyclip.store import database
from storyclip.store.access import api_keys, key_ring, keys, seeding
from tests.people import key_for
from tests.web.conftest import NOON

HOUR = timedelta(hours=1)


def key_id(key: str) -> str:
    return key.split("_")[1]


def test_a_rotated_key_has_the_same_rights_and_the_old_one_ends_at_once(store):
    old = key_for("ana", {"read"}, {"7"}, at=NOON, expires_at=NOON + HOUR)

    new = key_ring.rotate(key_id(old), NOON, timedelta(0))

    holder = keys.holder_of(new, NOON)
    assert holder is not None
    assert (holder.user_id, set(holder.scopes), holder.accounts) == (
        "ana",
        {"read"},
        names({"7"}),
    )
    assert keys.holder_of(old, NOON) is None
    assert keys.holder_of(new, NOON + HOUR) is None


def test_with_a_grace_both_keys_are_good_until_it_is_over(store):
    old = key_for("ana", {"read"}, at=NOON)

    new = key_ring.rotate(key_id(old), NOON, HOUR)

    assert keys.holder_of(old, NOON + HOUR - timedelta(seconds=1)) is not None
    assert keys.holder_of(old, NOON + HOUR) is None
    assert keys.holder_of(new, NOON + HOUR) is not None


def test_a_grace_lengthens_no_life(store):
    old = key_for("ana", {"read"}, at=NOON, expires_at=NOON + HOUR)

    key_ring.rotate(key_id(old), NOON, HOUR * 5)

    assert keys.holder_of(old, NOON + HOUR) is None


@pytest.mark.parametrize("case", ["unknown", "revoked", "expired", "seeded"])
def test_what_is_not_in_use_cannot_be_rotated(store, case):
    seeding.seed(parse_seed_keys(f"{'abc':-<32}:ana:read"), NOON)
    revoked = key_for("ana", {"read"}, at=NOON)
    keys.revoke(key_id(revoked), NOON)
    ids = {
        "unknown": "nobody",
        "revoked": key_id(revoked),
        "expired": key_id(key_for("ana", {"read"}, at=NOON, expires_at=NOON)),
        "seeded": next(k.key_id for k in api_keys.every() if keys.is_seeded(k.key_id)),
    }
    before = api_keys.every()

    with pytest.raises(NotFound):
        key_ring.rotate(ids[case], NOON, timedelta(0))

    assert api_keys.every() == before


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/storyclip.db")

    database.connect(f"sqlite:///{tmp_path}/storyclip.db")
    yield lambda *words: CliRunner().invoke(main, ["keys", *words])
    database.disconnect()


def test_the_list_says_everything_but_the_secret(command):
    made = json.loads(
        command("create", "--user", "ana", "--account", "7", "--expires-in", "90d", "--json").stdout
    )

    (shown,) = json.loads(command("list", "--json").stdout)
    table = command("list").stdout

    assert (shown["id"], shown["user"], shown["scopes"]) == (made["id"], "ana", ["publish", "read"])
    assert (shown["accounts"], shown["lastUsedAt"], shown["revokedAt"]) == (["7"], None, None)
    assert shown["createdAt"] < shown["expiresAt"]
    secret = made["key"].split("_", 2)[2]
    assert secret not in table + json.dumps(shown)
    for word in ("id", "last use", "expires", "revoked", made["id"], "publish,read"):
        assert word in table


def test_a_key_is_rotated_and_revoked_by_command(command):
    made = json.loads(command("create", "--user", "ana", "--json").stdout)

    new = json.loads(command("rotate", made["id"], "--grace", "30m", "--json").stdout)
    revoked = command("revoke", new["id"], "--json")
    again = command("revoke", new["id"])

    assert json.loads(revoked.stdout) == {"id": new["id"], "revoked": True}
    assert again.exit_code == 1
    old, young = json.loads(command("list", "--json").stdout)
    assert (old["id"], old["revokedAt"], young["id"]) == (made["id"], None, new["id"])
    assert old["expiresAt"] is not None
    assert young["revokedAt"] is not None


@pytest.mark.parametrize("span", ["", "5", "5 d", "-1d", "1.5h", "9999999d", "forever"])
def test_a_span_that_is_none_is_told(command, span):
    refused = command("create", "--user", "ana", "--expires-in", span)

    assert refused.exit_code == 2
    assert "90d, 12h or 30m" in refused.stderr
