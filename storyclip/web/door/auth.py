"""Who asks, and whether they may: by a key in a header, or by the session of our own page.

A key in a URL is not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request

from storyclip.domain.batch import Batch
from storyclip.domain.holder import Scope
from storyclip.store.access import keys, sessions, tickets
from storyclip.store.access.held import hold
from storyclip.web.door import actors, browser, credentials, limits
from storyclip.web.door.part import door
from storyclip.web.front import front
from storyclip.web.said import json_body, problem_kinds, problems

NOTHING_DONE = "Nothing was done."


def holder(scope: Scope) -> keys.Holder:
    """Return who asks, if they may.

    Raises:
        Problem: as `caller`; 403 without the scope.
        StoreUnavailable: the database does not answer.
    """
    found = caller()
    if not found.may(scope):
        raise _scope_missing(found, scope)
    return found


def caller() -> keys.Holder:
    """Return the holder of the request's key, or of the key behind its session.

    Raises:
        Problem: 401 without a good key, the same for all that can be wrong with it; 403 where
            another page than ours makes use of the session; 429 to who asks too fast or
            tries too many keys.
        StoreUnavailable: the database does not answer.
    """
    found = _caller()
    limits.take(found.user_id)
    return found


def holder_of(key: str) -> keys.Holder:
    """Return the holder of this key.

    Raises:
        Problem: 401, the same for all that can be wrong with it; 429 after too many such keys, or
            where too many requests from the same address wait.
        StoreUnavailable: the database does not answer.
    """
    guesses, now = door().guesses, front().now()
    address = request.remote_addr  # `Outside` has put the far end of our own proxies there
    wait_s = guesses.wait_s(address, now)
    is_known = guesses.whose(key) is not None
    may_look = not wait_s or is_known or keys.is_unguessable(key)
    found = keys.holder_of(key, now) if may_look else None
    if found is not None:
        guesses.was_good(key, found.user_id)
        actors.let_in(found)
        return found
    guesses.was_bad(key)
    if wait_s:
        limits.slowly()
        raise problems.too_many_tries(wait_s)
    guesses.failed(address, now)
    raise problems.Problem(problem_kinds.NO_KEY)


def viewer() -> keys.Holder:
    """Return who may watch: as `holder`, or whoever the request's ticket was given to.

    Raises:
        Problem, StoreUnavailable: as `holder`.
    """
    ticket = request.args.get("ticket")
    if ticket is None or credentials.key():
        return holder(Scope.READ)
    now = front().now()
    badge = tickets.badge_of(ticket, now)
    found = sessions.still_in([badge], now).get(badge) if badge else None
    if found is None:
        raise problems.Problem(problem_kinds.TICKET_OVER)
    actors.let_in(found)
    limits.take(found.user_id)
    if not found.may(Scope.READ):
        raise _scope_missing(found, Scope.READ)
    return found


def require_still(
    who: keys.Holder,
    scope: Scope,
    account_id: str | None = None,
    so: str = NOTHING_DONE,
) -> None:
    """Check again, after what took its time, that they may do what they came for on the account.

    Args:
        so: what became of it, for who has to be refused.

    Raises:
        Problem: 401, key, session or user ended meanwhile; 403, their rights did.
        StoreUnavailable: the database does not answer.
    """
    found = _still(who, scope, so)
    if account_id is not None:
        require_account(found, account_id)


def holder_with_body(scope: Scope) -> tuple[keys.Holder, Any]:
    """Return who asks, as they are once all of their request's JSON is here, and that.

    It may come for half a minute, and be held back on purpose.

    Raises:
        Problem, StoreUnavailable: as `holder`; the same after it came.
        Problem, RequestInvalid, RequestEntityTooLarge: as `json_body.read`.
    """
    who = holder(scope)
    said = json_body.read()
    return _still(who, scope, NOTHING_DONE), said


@contextmanager
def waiting_elsewhere(
    who: keys.Holder, is_needed: bool, account_id: str | None = None
) -> Iterator[None]:
    """Have the block take no turn of theirs, and show them nothing if they may not look after it.

    Args:
        is_needed: False if nobody is waited for.

    Raises:
        Problem, StoreUnavailable: as `limits.wait_elsewhere`, and then as `require_still`.
    """
    if is_needed:
        limits.wait_elsewhere()
    yield
    if is_needed:
        require_still(who, Scope.READ, account_id)


def require_till_commit(who: keys.Holder, scope: Scope, account_id: str) -> None:
    """Check the same in a write transaction, and have it stay so until that is committed.

    Raises:
        Problem, StoreUnavailable: as `require_still`.
    """
    hold(who)
    require_still(who, scope, account_id)


def require_hand_till_commit(who: keys.Holder, batch: Batch) -> None:
    """Check in a write transaction that they may still lay hand on a batch, until it is committed.

    Raises:
        Problem, StoreUnavailable: as `require_still`.
    """
    hold(who)
    reach = _still(who, Scope.PUBLISH, NOTHING_DONE).reach
    if not reach.covers(batch.user_id, batch.account_id):
        raise problems.Problem(problem_kinds.ACCOUNT_NOT_ALLOWED)


def _still(who: keys.Holder, scope: Scope, so: str) -> keys.Holder:
    found = sessions.still_in([who.badge], front().now()).get(who.badge)
    if found is None:
        raise problems.Problem(problem_kinds.NO_KEY, f"The key or session ended meanwhile. {so}")
    if not found.may(scope):
        raise _scope_missing(found, scope, so)
    return found


def _scope_missing(who: keys.Holder, scope: Scope, so: str = "") -> problems.Problem:
    """Return the refusal, which says whether it is for the key or for its user."""
    lacks = "" if scope in who.scopes else f"It needs the scope `{scope}`."
    said = lacks or f"Its scopes allow it; its user is {who.role}, and may not do this."
    return problems.Problem(problem_kinds.SCOPE_MISSING, f"{said} {so}".rstrip())


def require_account(who: keys.Holder, account_id: str) -> None:
    """Check that the key is not restricted to other accounts.

    Raises:
        Problem: 403, it is.
    """
    if not who.may_use(account_id):
        raise problems.Problem(problem_kinds.ACCOUNT_NOT_ALLOWED)


def _caller() -> keys.Holder:
    if key := credentials.key():
        return holder_of(key)
    if not (token := browser.session_token()):
        raise problems.Problem(problem_kinds.NO_KEY)
    browser.require_own_page()
    found = sessions.holder_of(token, front().now())
    if found is None:
        door().guesses.was_bad(token)
        raise problems.Problem(problem_kinds.SESSION_OVER)
    door().guesses.was_good(token, found.user_id)
    actors.let_in(found)
    return found
