"""The rows of users' files, as peewee asks for them; the migrations make the tables."""

from __future__ import annotations

from peewee import BigIntegerField, CompositeKey, FloatField, IntegerField, TextField

from storyclip.store.models import InstantField, JsonField, Row


class FileRow(Row):
    """A user's file; `received` bytes are on disk, `poster` and `strip` are hashes in the spool.

    `next_at`: when somebody is to look into it, or to take it over from who does.
    `trouble`: what keeps it waiting, and is no fault of its own.
    `marked_at`: it is over, and what it holds is removed.
    """

    id = TextField(primary_key=True)
    user_id = TextField()
    name = TextField()
    size = BigIntegerField()
    received = BigIntegerField()
    sha256 = TextField(null=True)
    promised = TextField(null=True)
    metadata = TextField(null=True)
    state = TextField()
    options = JsonField()
    facts = JsonField(null=True)
    problems = JsonField(null=True)
    plan = JsonField(null=True)
    poster = TextField(null=True)
    strip = TextField(null=True)
    progress = FloatField()
    losses = IntegerField(null=True)
    trouble = TextField(null=True)
    worker = TextField(null=True)
    next_at = InstantField(null=True)
    created_at = InstantField()
    touched_at = InstantField()
    marked_at = InstantField(null=True)

    class Meta:
        table_name = "files"


class FilePieceRow(Row):
    """One story that a file became; `name` is the spool's, `measured` what an upload declares."""

    file_id = TextField()
    number = IntegerField()
    name = TextField()
    sha256 = TextField()
    length_s = FloatField(null=True)
    measured = JsonField()

    class Meta:
        table_name = "file_pieces"
        primary_key = CompositeKey("file_id", "number")


class FileUseRow(Row):
    """A batch that has clips of a file: the file stays while it may be asked for again."""

    file_id = TextField()
    batch_id = TextField()

    class Meta:
        table_name = "file_uses"
        primary_key = CompositeKey("file_id", "batch_id")


class TransferRow(Row):
    """The way of a clip's bytes into Metricool, for one send: no two share what it makes.

    `next_at`: when somebody is to go on with it, or to take it over from who has it in hand.
    `sent`: how many bytes of the part under way have left.
    """

    clip_id = BigIntegerField()
    send = IntegerField()
    transfer = TextField()
    sent = BigIntegerField(null=True)
    next_at = InstantField(null=True)
    taken_by = TextField(null=True)

    class Meta:
        table_name = "transfers"
        primary_key = CompositeKey("clip_id", "send")
