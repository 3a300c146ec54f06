"""What every table is made of: the one database, and instants as text that sorts as time passes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from peewee import Model, TextField

from storyclip.store.database import database


def to_text(instant: datetime | None) -> str | None:
    """Return an aware instant as the text that the rows hold; None stays None.

    Raises:
        ValueError: the instant is naive, so nobody knows when it is.
    """
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError(f"naive time {instant.isoformat()}: expected one with a zone")
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(timespec="microseconds")[:26] + "Z"


def to_instant(text: str | None) -> datetime | None:
    """Return the aware UTC instant of a text that `to_text` made; None stays None."""
    return None if text is None else datetime.fromisoformat(text)


class UTCField(TextField):
    """An instant, aware on both sides."""

    def db_value(self, value: Any) -> str | None:
        """Return the text for the row."""
        return to_text(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> datetime | None:
        """Return the aware instant of the row."""
        return to_instant(value)


class Table(Model):
    """Whatever lives in the process's database."""

    class Meta:
        """The one database."""

        database = database
        legacy_table_names = False
