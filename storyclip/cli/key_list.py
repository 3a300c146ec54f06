"""How the `keys` commands read spans of time and show keys."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from storyclip.cli.account_options import shown_accounts
from storyclip.domain.user import Origin
from storyclip.domain.views import rfc3339
from storyclip.store.access.api_keys import KeptKey

HEADINGS = (
    "id",
    "user",
    "role",
    "scopes",
    "accounts",
    "created",
    "last use",
    "expires",
    "revoked",
    "note",
)
MAX_DAYS = 3650  # longer than any key should live, and no date overflows

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Span(click.ParamType[timedelta]):
    """A span of time as people write it: 90d, 12h, 30m."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the span."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([0-9]{1,7})([mhd])", str(value))
        span = timedelta.max if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})
        if span > timedelta(days=MAX_DAYS):
            self.fail(f"expected a span like 90d, 12h or 30m, at most {MAX_DAYS}d", param, ctx)
        return span


def as_json(found: Sequence[KeptKey]) -> str:
    """Return the keys as a JSON array."""
    return json.dumps(
        [
            {
                "id": key.key_id,
                "user": key.user_id,
                "scopes": key.scopes,
                "role": key.user and key.user.role,
                "accounts": None if key.reaches.is_every else sorted(key.reaches.named),
                "narrowedTo": key.accounts,
                "note": _note(key) or None,
                "createdAt": rfc3339(key.created_at),
                "lastUsedAt": rfc3339(key.last_used_at),
                "expiresAt": rfc3339(key.expires_at),
                "revokedAt": rfc3339(key.revoked_at),
            }
            for key in found
        ],
        indent=2,
    )


def as_table(found: Sequence[KeptKey]) -> str:
    """Return the keys in columns for people."""
    return columns([HEADINGS, *map(_row, found)])


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as a table, the first of them its headings."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(key: KeptKey) -> tuple[str, ...]:
    role = "-" if key.user is None else key.user.role.value
    accounts = shown_accounts(key.reaches)
    times = (key.created_at, key.last_used_at, key.expires_at, key.revoked_at)
    shown = (key.key_id, key.user_id, role, ",".join(key.scopes), accounts, *map(_minute, times))
    return (*shown, _note(key))


def _note(key: KeptKey) -> str:
    """Return what somebody should know of a key who thinks that all was given on purpose."""
    if key.user is None:
        return "there is no such user: it opens nothing"
    if key.user.disabled_at is not None:
        return "its user is disabled"
    if key.user.origin is Origin.BEFORE_USERS and key.reaches.is_every:
        return "had all accounts before users existed"
    return ""


def _minute(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}Z"
