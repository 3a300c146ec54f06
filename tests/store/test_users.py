"""Users: what they may hangs on them, their keys narrow it, and nothing is allowed unsaid."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from config.seed_keys import parse_seed_keys
from storyclip.domain.errors import NotFound
from storyclip.domain.holder import Holder, Scope
from storyclip.domain.names import EVERY, NONE, Names, names
from storyclip.domain.user import Role
from storyclip.store.access import api_keys, keys, seeding, users

T0 = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def holder(key: str) -> Holder:
    found = keys.holder_of(key, T0)
    assert found is not None
    return found


A, B, C = (letter * 32 for letter in "abc")


def seeded(*entries: str) -> None:
    seeding.seed(parse_seed_keys(",".join(entries)), T0)


def test_a_key_made_without_a_word_of_accounts_reaches_none(store):
    key = keys.make("ana", {"publish", "read"}, at=T0)

    assert holder(key).accounts == NONE
    assert not holder(key).may_use("2000001")


def test_a_key_of_the_environment_without_accounts_reaches_none(store):
    seeded(f"{A}:ana:publish+read")

    assert holder(A).accounts == NONE


@pytest.mark.parametrize(
    ("said", "reaches"), [("@*", EVERY), ("@1+2", names({"1", "2"}))], ids=["all", "some"]
)
def test_a_key_of_the_environment_reaches_what_is_said(store, said: str, reaches: Names):
    seeded(f"{A}:ana:publish+read{said}")

    assert holder(A).accounts == reaches


def test_the_keys_of_the_environment_are_together_what_their_user_may(store):
    seeded(f"{A}:ana:read@1", f"{B}:ana:publish@2", f"{C}:ana:read")

    ana = users.find("ana")
    assert ana is not None
    assert (ana.role, ana.accounts) == (Role.PUBLISHER, names({"1", "2"}))
    assert [holder(key).accounts for key in (A, B, C)] == [
        names({"1"}),
        names({"2"}),
        names({"1", "2"}),
    ]


def test_the_environment_says_it_anew_until_a_person_has_had_a_word(store):
    seeded(f"{A}:ana:publish@1")
    seeded(f"{A}:ana:admin@2")
    anew = holder(A)
    users.set_accounts("ana", names({"3"}), T0)
    seeded(f"{A}:ana:admin@2")

    assert (anew.role, anew.accounts) == (Role.ADMIN, names({"2"}))
    assert holder(A).accounts == NONE  # it is for account 2 alone, and she acts for 3


def test_a_key_narrows_what_its_user_has_and_follows_it(store):
    users.create("ana", Role.PUBLISHER, names({"1", "2"}), T0)
    narrow, wide = (
        keys.make("ana", {"publish"}, names({"1"}), at=T0),
        keys.make("ana", {"publish"}, at=T0),
    )
    users.set_accounts("ana", names({"2", "3"}), T0)

    assert holder(narrow).accounts == NONE
    assert holder(wide).accounts == names({"2", "3"})


def test_a_key_is_not_made_for_more_than_its_user_has(store):
    users.create("ana", Role.PUBLISHER, names({"1"}), T0)

    with pytest.raises(ValueError, match="acts for 1 alone"):
        keys.make("ana", {"publish"}, EVERY, at=T0)

    assert api_keys.every() == []


def test_the_first_that_is_said_of_accounts_is_the_users(store):
    keys.make("ana", {"publish"}, at=T0)

    key = keys.make("ana", {"publish"}, names({"7"}), at=T0)

    ana = users.find("ana")
    assert ana is not None
    assert ana.accounts == holder(key).accounts == names({"7"})


@pytest.mark.parametrize(
    ("role", "scopes", "may"),
    [
        (Role.VIEWER, {"admin"}, {Scope.READ}),
        (Role.PUBLISHER, {"admin"}, {Scope.READ, Scope.PUBLISH}),
        (Role.OPERATOR, {"admin"}, {Scope.READ, Scope.PUBLISH}),
        (Role.ADMIN, {"admin"}, set(Scope)),
        (Role.ADMIN, {"publish"}, {Scope.READ, Scope.PUBLISH}),
        (Role.ADMIN, {"read"}, {Scope.READ}),
        (Role.VIEWER, {"publish"}, {Scope.READ}),
    ],
)
def test_one_may_what_both_role_and_key_allow(store, role: Role, scopes: Any, may: Any):
    users.create("ana", role, EVERY, T0)

    found = holder(keys.make("ana", scopes, at=T0))

    assert {scope for scope in Scope if found.may(scope)} == may


@pytest.mark.parametrize(
    ("role", "scopes", "whose"),
    [
        (Role.ADMIN, {"admin"}, EVERY),
        (Role.OPERATOR, {"admin"}, EVERY),
        (Role.PUBLISHER, {"admin"}, names({"ana"})),
        (Role.ADMIN, {"publish", "read"}, names({"ana"})),
    ],
)
def test_everybodys_batches_are_for_who_oversees_by_a_key_for_that(store, role, scopes, whose):
    users.create("ana", role, names({"1"}), T0)

    found = holder(keys.make("ana", scopes, at=T0))

    assert (found.reach.users, found.reach.accounts) == (whose, names({"1"}))
    assert found.own.users == names({"ana"})


def test_who_is_disabled_holds_no_key_until_enabled(store):
    key = keys.make("ana", {"read"}, at=T0)

    users.disable("ana", T0)
    while_disabled = keys.holder_of(key, T0)
    users.enable("ana", T0)

    assert while_disabled is None
    assert holder(key).user_id == "ana"


def test_nothing_is_changed_of_who_is_not_there(store):
    with pytest.raises(NotFound):
        users.set_role("nobody", Role.ADMIN, T0)
    with pytest.raises(NotFound):
        users.disable("nobody", T0)

    assert users.every() == []


def test_an_id_that_fits_into_no_header_makes_nobody(store):
    with pytest.raises(ValueError, match="visible ASCII"):
        users.create("two words", Role.VIEWER, NONE, T0)


def test_a_user_is_made_once(store):
    assert users.create("ana", Role.VIEWER, names({"1"}), T0)
    assert not users.create("ana", Role.ADMIN, EVERY, T0)

    ana = users.find("ana")
    assert ana is not None
    assert (ana.role, ana.accounts) == (Role.VIEWER, names({"1"}))
