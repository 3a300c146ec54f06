"""What is asked for through peewee, column by column; the migrations make the tables.

Of the tables of clips, batches and lanes only what `service` looks at: the whole of them is in
`publishing/rows.py`, for statements by hand.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from peewee import (
    AutoField,
    BooleanField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)

from storyclip.domain.holder import Scope
from storyclip.store.database import database
from storyclip.store.instants import to_instant, to_text


class InstantField(TextField):
    """An aware instant."""

    def db_value(self, value: datetime | None) -> str | None:
        return to_text(value)

    def python_value(self, value: str | None) -> datetime | None:
        return to_instant(value)


class WordsField(TextField):
    """Words without spaces, sorted; None is something else than none of them."""

    def db_value(self, value: Collection[str] | None) -> str | None:
        return None if value is None else " ".join(sorted(value))

    def python_value(self, value: str | None) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())


class ScopesField(WordsField):
    """What a key lets its holder do."""

    def python_value(self, value: str | None) -> tuple[Scope, ...]:
        return tuple(map(Scope, super().python_value(value) or ()))


class JsonField(TextField):
    """Anything that JSON holds."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def python_value(self, value: str | None) -> Any:
        return None if value is None else json.loads(value)


class Row(Model):
    """A row of the process's one database."""

    class Meta:
        database = database

    @classmethod
    def setting(cls, facts: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return what a statement by hand says after SET to write some facts, and its values."""
        fields = cls._meta.fields
        sets = ", ".join(f"{fields[name].column_name} = ?" for name in facts)
        return sets, [fields[name].db_value(fact) for name, fact in facts.items()]


class ApiKeyRow(Row):
    """A key, kept as a hash; `accounts` is None where it reaches as far as its user."""

    key_id = TextField(primary_key=True)
    secret_hash = TextField()
    pepper_id = TextField(null=True)
    user_id = TextField()
    scopes = ScopesField()
    accounts = WordsField(null=True)
    webhook_url = TextField(null=True)
    created_at = InstantField()
    last_used_at = InstantField(null=True)
    expires_at = InstantField(null=True)
    revoked_at = InstantField(null=True)

    class Meta:
        table_name = "api_keys"


class WebhookSecretRow(Row):
    """What a user's webhooks are signed with, by what it derives from; None never ends."""

    id = AutoField()
    user_id = TextField()
    salt = TextField()
    pepper_id = TextField()
    made_at = InstantField()
    ends_at = InstantField(null=True)

    class Meta:
        table_name = "webhook_secrets"


class UserRow(Row):
    """A user; with `all_accounts` they need none in particular."""

    id = TextField(primary_key=True)
    name = TextField()
    role = TextField()
    all_accounts = IntegerField()
    origin = TextField()
    created_at = InstantField()
    disabled_at = InstantField(null=True)

    class Meta:
        table_name = "users"


class UserAccountRow(Row):
    """An account that a user acts for."""

    user_id = TextField()
    account_id = TextField()

    class Meta:
        table_name = "user_accounts"
        primary_key = CompositeKey("user_id", "account_id")


class SessionRow(Row):
    """A session of the page or a link that signs in, by the hash of its token.

    `key_id` is empty without a key. `expires_at` is when it is over if nobody asks any more, at the
    latest `ends_at`.
    """

    token_hash = TextField(primary_key=True)
    purpose = TextField()
    key_id = TextField()
    user_id = TextField(null=True)
    entry = TextField(null=True)
    begun_at = InstantField(null=True)
    seen_at = InstantField(null=True)
    expires_at = InstantField()
    ends_at = InstantField(null=True)
    idle_s = IntegerField(null=True)
    address = TextField(null=True)
    browser = TextField(null=True)

    class Meta:
        table_name = "sessions"


class InstallationRow(Row):
    """A fact of this installation, made once."""

    name = TextField(primary_key=True)
    value = TextField()
    is_shown = BooleanField()

    class Meta:
        table_name = "installation"


class WorkerRow(Row):
    """A worker process, and its counter that only the living move."""

    name = TextField(primary_key=True)
    beats = IntegerField()

    class Meta:
        table_name = "workers"


class IncidentRow(Row):
    """What a person should look at; unique by kind and subject. `ended_at`: it is so no more."""

    id = AutoField()
    kind = TextField()
    subject = TextField()
    detail = TextField()
    created_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        table_name = "incidents"


class ActRow(Row):
    """What somebody did, or was refused; nobody changes one."""

    id = AutoField()
    at = InstantField()
    via = TextField()
    user_id = TextField(null=True)
    key_id = TextField(null=True)
    session_id = TextField(null=True)
    address = TextField(null=True)
    action = TextField()
    subject = TextField()
    detail = TextField(null=True)
    outcome = TextField()
    times = IntegerField()

    class Meta:
        table_name = "audit"


class BatchRow(Row):
    """Of a batch, what is counted."""

    batch_id = TextField(primary_key=True)
    status = TextField()
    completed_at = InstantField(null=True)

    class Meta:
        table_name = "publish_batches"


class ClipRow(Row):
    """Of a clip, what is counted, and who has it in hand."""

    id = AutoField()
    status = TextField()
    next_at = InstantField(null=True)
    rung_at = InstantField(null=True)
    noted_at = InstantField(null=True)
    worker = TextField(null=True)

    class Meta:
        table_name = "publish_batch_clips"


class LaneRow(Row):
    """Of a lane, whether it is blocked."""

    id = AutoField()
    blocked_reason = TextField(null=True)

    class Meta:
        table_name = "lanes"
