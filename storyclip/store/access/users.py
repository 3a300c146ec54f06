"""Users and the accounts they act for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from storyclip.domain.act import Action
from storyclip.domain.errors import NotFound
from storyclip.domain.names import EVERY, Names, names
from storyclip.domain.user import RIGHTS, Origin, Right, Role, User
from storyclip.store import acts
from storyclip.store.database import is_postgres, marks, reading, run, writing
from storyclip.store.instants import to_instant
from storyclip.store.models import UserAccountRow, UserRow

JOINED = "LEFT JOIN users u ON u.id = k.user_id"  # to the keys `k`

COUNT = 8  # of `columns`
_READ = 256  # rows kept as what they say: most are read with each step of a clip
# As what somebody acts for an account, asked for with each intent: no more than it needs
ACTS_AS = (
    "SELECT u.role FROM users u WHERE (u.all_accounts = 1 OR EXISTS (SELECT 1 FROM user_accounts a"
    " WHERE a.user_id = u.id AND a.account_id = ?)) AND u.id = ? AND u.disabled_at IS NULL"
)

USER_ID = re.compile(r"[!-~]{1,255}")  # visible ASCII: it stands in queries and headers


def find(user_id: str) -> User | None:
    """Return the user, None if there is none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return next(iter(_read("WHERE u.id = ?", (user_id,))), None)


def with_ids(user_ids: Collection[str]) -> Sequence[User]:
    """Return the users with these ids, in no order; those that do not exist are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return _read(f"WHERE u.id IN ({marks(user_ids)})", tuple(user_ids)) if user_ids else []


def every() -> Sequence[User]:
    """Return all users, the oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return _read("ORDER BY u.created_at, u.id", ())


def create(user_id: str, role: Role, accounts: Names, at: datetime, name: str = "") -> bool:
    """Make a user as a person said; return False if there is one with this id already.

    Raises:
        ValueError: it cannot be a user's id.
        StoreUnavailable: nobody was made.
    """
    with writing():
        return insert(user_id, role, accounts, Origin.COMMAND, at, name)


def set_role(user_id: str, role: Role, at: datetime) -> None:
    """Have a person's word on what a user is.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: nothing was changed.
    """
    with writing():
        _change(user_id, role=role.value, origin=Origin.COMMAND.value)
        acts.write(Action.USER_CHANGE, user_id, at, detail=f"role {role}")


def set_accounts(user_id: str, accounts: Names, at: datetime) -> None:
    """Have a person's word on which accounts a user acts for, in place of all before.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: nothing was changed.
    """
    with writing():
        allot(user_id, accounts, Origin.COMMAND, at)


def disable(user_id: str, at: datetime) -> None:
    """Let a user do nothing from now on, whatever key or session they have.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: nothing was changed.
    """
    with writing():
        _change(user_id, disabled_at=at)
        acts.write(Action.USER_DISABLE, user_id, at)


def enable(user_id: str, at: datetime) -> None:
    """Let a user do again what they could.

    Raises:
        NotFound: there is no such user.
        StoreUnavailable: nothing was changed.
    """
    with writing():
        _change(user_id, disabled_at=None)
        acts.write(Action.USER_ENABLE, user_id, at)


def insert(
    user_id: str, role: Role, accounts: Names, origin: Origin, at: datetime, name: str = ""
) -> bool:
    """Make a user in the caller's write transaction; return False if there is one already.

    Raises:
        ValueError: it cannot be a user's id.
    """
    if not USER_ID.fullmatch(user_id):
        raise ValueError("expected as a user's id 1 to 255 visible ASCII characters, no spaces")
    made = UserRow.insert(
        id=user_id,
        name=name or user_id,
        role=role.value,
        all_accounts=int(accounts.is_every),
        origin=origin.value,
        created_at=at,
    ).on_conflict(action="nothing", conflict_target=[UserRow.id])
    if made.as_rowcount().execute() != 1:
        return False
    _insert_accounts(user_id, accounts)
    acts.write(Action.USER_MAKE, user_id, at, detail=f"role {role}, {_words(accounts)}")
    return True


def allot(user_id: str, accounts: Names, origin: Origin, at: datetime) -> None:
    """Give a user these accounts in place of all before, in the caller's write transaction.

    Raises:
        NotFound: there is no such user.
    """
    _change(user_id, all_accounts=int(accounts.is_every), origin=origin.value)
    UserAccountRow.delete().where(UserAccountRow.user_id == user_id).execute()
    _insert_accounts(user_id, accounts)
    acts.write(Action.USER_CHANGE, user_id, at, detail=_words(accounts))


def say_again(user_id: str, role: Role, accounts: Names, at: datetime) -> None:
    """Have a user as the environment says, in the caller's write transaction.

    What a person said of them, or their keys could before there were users, stays as it is.

    Raises:
        ValueError: it cannot be a user's id.
    """
    if insert(user_id, role, accounts, Origin.ENVIRONMENT, at):
        return
    known = find(user_id)
    if known is None or known.origin is not Origin.ENVIRONMENT:
        return
    if known.role is not role:
        _change(user_id, role=role.value)
        acts.write(Action.USER_CHANGE, user_id, at, detail=f"role {role}")
    if known.accounts != accounts:
        allot(user_id, accounts, Origin.ENVIRONMENT, at)


def _change(user_id: str, **facts: object) -> None:
    if UserRow.update(**facts).where(UserRow.id == user_id).execute() != 1:
        raise NotFound(f"There is no user {user_id}.")


def _words(accounts: Names) -> str:
    if accounts.is_every:
        return "every account"
    return f"accounts {' '.join(sorted(accounts.named))}" if accounts else "no account"


def _insert_accounts(user_id: str, accounts: Names) -> None:
    if accounts.named:
        rows = [{"user_id": user_id, "account_id": one} for one in sorted(accounts.named)]
        UserAccountRow.insert_many(rows).execute()


def may_publish(user_id: str, account_id: str) -> bool:
    """Return whether a clip of this user may go out on this account, as of now.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(ACTS_AS, (account_id, user_id)).fetchone()
    return row is not None and publishes(row[0])


def publishes(role: str | None) -> bool:
    """Return whether who acts for an account as this may have clips go out on it."""
    return role is not None and Right.PUBLISH in RIGHTS[Role(role)]


def is_allowed(user: User | None, account_id: str) -> bool:
    """Return the same of a user as read; who is not there may do nothing."""
    return user is not None and user.may_publish_for(account_id)


def columns() -> str:
    """Return what `user_of` reads, as columns of the users `u`."""
    together = "string_agg" if is_postgres() else "group_concat"
    accounts = f"SELECT {together}(a.account_id, ' ') FROM user_accounts a WHERE a.user_id = u.id"
    return (
        f"u.id, u.name, u.role, u.all_accounts, u.origin, u.created_at, u.disabled_at, ({accounts})"
    )


@lru_cache(_READ)
def user_of(row: tuple[Any, ...]) -> User | None:
    """Return the user of a row of `columns`; None of a LEFT JOIN's empty one."""
    user_id, name, role, has_all, origin, created_at, disabled_at, accounts = row
    if user_id is None:
        return None
    return User(
        user_id=user_id,
        name=name,
        role=Role(role),
        accounts=EVERY if has_all else names((accounts or "").split()),
        origin=Origin(origin),
        created_at=to_instant(created_at),
        disabled_at=to_instant(disabled_at),
    )


def _read(where: str, parameters: tuple[Any, ...]) -> list[User]:
    rows = run(f"SELECT {columns()} FROM users u {where}", parameters).fetchall()
    return [user for user in map(user_of, rows) if user is not None]
