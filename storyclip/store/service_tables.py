"""The rows of the service itself: who works, who may ask, what was answered, what went wrong."""

from __future__ import annotations

from peewee import SQL, AutoField, BooleanField, CompositeKey, IntegerField, TextField

from storyclip.store.instants import Table, UTCField


class WorkerRow(Table):
    """A living worker process; `beats` grows several times a second while it lives."""

    name = TextField(primary_key=True)
    beats = IntegerField(default=0)

    class Meta:
        """Few rows."""

        table_name = "workers"


class IncidentRow(Table):
    """Something a person should look at, said once."""

    id = AutoField()
    kind = TextField()
    subject = TextField()
    detail = TextField()
    created_at = UTCField()

    class Meta:
        """The same thing is said once."""

        table_name = "incidents"
        indexes = ((("kind", "subject"), True),)


class ApiKeyRow(Table):
    """An API key; of its secret only the keyed hash."""

    key_id = TextField(primary_key=True)
    secret_hash = TextField()
    user_id = TextField()
    scopes = TextField()
    accounts = TextField(null=True)
    created_at = UTCField()
    expires_at = UTCField(null=True)
    revoked_at = UTCField(null=True)
    last_used_at = UTCField(null=True)
    webhook_url = TextField(null=True)

    class Meta:
        """Looked up by id."""

        table_name = "api_keys"


class IdempotencyRow(Table):
    """The answer that a user's `Idempotency-Key` got."""

    user_id = TextField()
    key = TextField()
    body_hash = TextField()
    batch_id = TextField()
    created_at = UTCField(index=True)

    class Meta:
        """One answer a user and key."""

        table_name = "idempotency_keys"
        primary_key = CompositeKey("user_id", "key")


class InstallationRow(Table):
    """This installation's own secrets, made once: the pepper of the key hashes."""

    name = TextField(primary_key=True)
    value = TextField()
    is_shown = BooleanField(default=False)

    class Meta:
        """Few rows."""

        table_name = "installation"


class SessionRow(Table):
    """A session of the page, or a link that signs in once; of its token only the hash."""

    token_hash = TextField(primary_key=True)
    purpose = TextField()
    key_id = TextField()
    expires_at = UTCField(index=True)

    class Meta:
        """Looked up by the token's hash."""

        table_name = "sessions"


class DeliveryRow(Table):
    """How far the webhooks of a batch got: its events are the outbox, this is the cursor.

    `next_at` is when the receiver is to hear more, None for when something happens; `part` tells
    the messages of one event apart.
    """

    id = AutoField()
    batch_id = TextField(unique=True)
    url = TextField()
    receiver = TextField()
    next_seq = IntegerField(default=1)
    part = IntegerField(default=0)
    next_at = UTCField(null=True)
    revision = IntegerField(default=0)
    attempts = IntegerField(default=0)
    failing_since = UTCField(null=True)
    last_error = TextField(null=True)
    stopped_at = UTCField(null=True)

    class Meta:
        """One receiver a batch."""

        table_name = "webhook_deliveries"


DeliveryRow.add_index(
    DeliveryRow.index(DeliveryRow.next_at, name="deliveries_due").where(SQL("next_at IS NOT NULL"))
)
