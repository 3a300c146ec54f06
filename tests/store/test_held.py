"""A right that is looked at in a transaction is one until its commit, whoever takes it away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import replace

import pytest

from storyclip.domain.batch import Batch
from storyclip.domain.errors import Forbidden
from storyclip.domain.holder import Holder
from storyclip.domain.names import names
from storyclip.domain.reach import EVERYTHING
from storyclip.domain.user import Role
from storyclip.store.access import keys, sessions, users
from storyclip.store.access.held import hold
from storyclip.store.database import run, writing
from storyclip.store.publishing import batches
from storyclip.store.publishing.running import running_of
from tests.people import key_for, session_of
from tests.store.making import ACCOUNT, T0, new_batch, rows

A_WHILE_S = 0.3

TAKEN: dict[str, Callable[[Holder], object]] = {
    "key": lambda who: keys.revoke(who.key_id or "", T0),
    "user": lambda who: users.disable(who.user_id, T0),
    "role": lambda who: users.set_role(who.user_id, Role.VIEWER, T0),
    "accounts": lambda who: users.set_accounts(who.user_id, names({"7"}), T0),
    "session": lambda who: sessions.end_all_of(who.user_id, T0),
}
GOING = {
    "key": "UPDATE api_keys SET revoked_at = '2026-12-01T12:00:00.000000+00:00'",
    "user": "UPDATE users SET disabled_at = '2026-12-01T12:00:00.000000+00:00'",
    "accounts": "UPDATE users SET all_accounts = 0",
    "session": "DELETE FROM sessions",
}


@pytest.fixture
def who(store: str) -> Holder:
    """Somebody with a session that stands for a key."""
    found = sessions.holder_of(session_of(key_for("ana", {"publish"}, at=T0), T0), T0)
    assert found is not None
    return found


@pytest.fixture
def another() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def created(who: Holder, then: Callable[[], object] = lambda: None) -> Batch:
    def require() -> None:
        hold(who)
        found = sessions.still_in([who.badge], T0).get(who.badge)
        if found is None or not found.may_use(ACCOUNT):
            raise Forbidden
        then()

    new = replace(new_batch("b1"), key_id=who.key_id)
    return batches.create(new, T0, require=require)


@contextmanager
def uncommitted(statement: str, another: ThreadPoolExecutor) -> Iterator[None]:
    """Have somebody be in the middle of it for the block."""
    begun, may_end = threading.Event(), threading.Event()

    def take() -> None:
        with writing():
            run(statement)
            begun.set()
            may_end.wait(10)

    taking = another.submit(take)
    begun.wait(10)
    try:
        yield
    finally:
        may_end.set()
        taking.result(10)


@pytest.mark.parametrize("right", TAKEN)
def test_who_takes_a_right_away_waits_for_the_batch_and_then_sees_it(who, another, right):
    taking: list[Future[object]] = []

    def take() -> None:
        taking.append(another.submit(TAKEN[right], who))
        with pytest.raises(NotYet):
            taking[0].result(A_WHILE_S)

    created(who, take)

    taking[0].result(10)
    assert running_of(EVERYTHING, who.key_id) == ["b1"]


@pytest.mark.parametrize("right", GOING)
def test_a_right_that_is_being_taken_away_is_waited_for_and_makes_no_batch(who, another, right):
    with ThreadPoolExecutor(1) as asking:
        with uncommitted(GOING[right], another):
            asked = asking.submit(created, who)
            with pytest.raises(NotYet):
                asked.result(A_WHILE_S)

        with pytest.raises(Forbidden):
            asked.result(10)
    assert rows("SELECT 1 FROM publish_batches") == []
