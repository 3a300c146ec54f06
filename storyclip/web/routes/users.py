"""Users, as an administrator sees and changes them: those alone whose accounts are theirs too."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response

from storyclip.domain.errors import NotFound, RequestInvalid
from storyclip.domain.holder import Holder, Scope
from storyclip.domain.names import EVERY, Names, names
from storyclip.domain.user import User, admins
from storyclip.domain.views import rfc3339
from storyclip.flow import rights
from storyclip.store.access import password_links, passwords, users
from storyclip.web.door import auth, browser
from storyclip.web.front import front
from storyclip.web.said.admin_bodies import NewUser, OfUser, UserChange
from storyclip.web.said.admin_shapes import (
    ChangedUser,
    InvitedUser,
    Kept,
    ManyUsers,
    UserShape,
)
from storyclip.web.said.answers import answer
from storyclip.web.said.bodies import parse
from storyclip.web.said.problem_kinds import OWN_RIGHTS, USER_EXISTS
from storyclip.web.said.problems import Problem
from storyclip.web.said.queries import asked

routes = Blueprint("users", __name__, url_prefix="/api/metricool/admin/users")


@routes.get("")
def every() -> Response:
    """Show the users."""
    who = auth.holder(Scope.ADMIN)
    theirs = [user for user in users.every() if oversees(who, user)]
    told: ManyUsers = {"success": True, "users": _shown(theirs), "count": len(theirs)}
    return answer(told)


@routes.post("")
def create() -> Response:
    """Make a user, and a link with which they set a password."""
    who, body = auth.holder_with_body(Scope.ADMIN)
    said = parse(NewUser, body)
    _require_reach(who, said.theirs)
    if not users.USER_ID.fullmatch(said.user_id):
        raise RequestInvalid(("/userId", "expected visible ASCII characters, no spaces"))
    now = front().now()
    if not users.create(said.user_id, said.role, said.theirs, now, said.name):
        raise Problem(USER_EXISTS)
    return _invited(said.user_id, 201)


@routes.patch("")
def change() -> Response:
    """Have a user be otherwise in one thing, at once for all their keys and sessions."""
    who, body = auth.holder_with_body(Scope.ADMIN)
    user = user_named(who, asked(OfUser).user)
    said, now = parse(UserChange, body), front().now()
    if user.user_id == who.user_id and said.theirs is None:
        raise Problem(OWN_RIGHTS)
    kept: Sequence[rights.Kept] = ()
    if said.role is not None:
        rights.set_role(user.user_id, said.role, now)
    elif said.theirs is not None:
        _require_reach(who, said.theirs)
        rights.set_accounts(user.user_id, said.theirs, now)
    elif said.disabled:
        kept = rights.disable(user.user_id, now, cancels=said.cancel_batches)
    else:
        users.enable(user.user_id, now)
    told: ChangedUser = {
        "success": True,
        "user": _shown([_found(user.user_id)])[0],
        "kept": kept_of(kept),
        "adminsLeft": min(len(admins(users.every())), 2),
    }
    return answer(told)


@routes.post("/link")
def link() -> Response:
    """Make a link with which a user sets a password, in place of one that they may have."""
    user = user_named(auth.holder(Scope.ADMIN), asked(OfUser).user)
    return _invited(user.user_id, 200)


def oversees(who: Holder, user: User) -> bool:
    """Return whether an administrator has to do with a user: nothing of theirs is out of reach."""
    return who.accounts.is_every or (bool(user.accounts) and user.accounts <= who.accounts)


def overseen(who: Holder) -> Names:
    """Return the users whom an administrator has to do with.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if who.accounts.is_every:
        return EVERY
    return names(user.user_id for user in users.every() if oversees(who, user))


def user_named(who: Holder, user_id: str) -> User:
    """Return a user whom an administrator has to do with.

    Raises:
        NotFound: there is none.
    """
    user = users.find(user_id)
    if user is None or not oversees(who, user):
        raise NotFound(f"There is no user {user_id}.")
    return user


def kept_of(kept: Sequence[rights.Kept]) -> list[Kept]:
    """Return the batches that could not be cancelled, as they are shown."""
    return [{"batchId": batch_id, "reason": reason} for batch_id, reason in kept]


def _require_reach(who: Holder, accounts: Names) -> None:
    """Check that an administrator gives nobody what is out of their own reach, nor loses sight."""
    if not accounts <= who.accounts:
        raise RequestInvalid(("/accounts", "expected accounts of your own"))
    if not accounts and not who.accounts.is_every:
        raise RequestInvalid(("/accounts", "expected at least one of your own"))


def _found(user_id: str) -> User:
    user = users.find(user_id)
    assert user is not None  # users are never deleted
    return user


def _invited(user_id: str, status: int) -> Response:
    now = front().now()
    token = password_links.issue(user_id, now)
    told: InvitedUser = {
        "success": True,
        "user": _shown([_found(user_id)])[0],
        "link": f"{browser.own_address()}/join#{token}",
        "expiresAt": rfc3339(now + password_links.GOOD_FOR),
    }
    return answer(told, status)


def _shown(some: Sequence[User]) -> list[UserShape]:
    have, waiting = passwords.having(), password_links.waiting(front().now())
    return [
        {
            "id": user.user_id,
            "name": user.name,
            "role": user.role,
            "accounts": None if user.accounts.is_every else sorted(user.accounts.named),
            "origin": user.origin,
            "createdAt": rfc3339(user.created_at),
            "disabledAt": rfc3339(user.disabled_at),
            "hasPassword": user.user_id in have,
            "invitedUntil": rfc3339(waiting.get(user.user_id)),
        }
        for user in some
    ]
