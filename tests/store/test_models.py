"""The models and what the migrations make are never two things."""

from collections.abc import Iterator

import pytest
from peewee import CompositeKey, IntegerField, TextField

from storyclip.store.database import database
from storyclip.store.models import BatchRow, ClipRow, IncidentRow, LaneRow, Row

SAY_ONLY_A_PART = {BatchRow, ClipRow, LaneRow}  # publishing/rows.py has the whole of these
MODELS = Row.__subclasses__()


def disagreements(model: type[Row]) -> Iterator[str]:
    """What a model says otherwise than the table that it is of."""
    table = {column.name: column for column in database.get_columns(model._meta.table_name)}
    fields = model._meta.columns
    if model not in SAY_ONLY_A_PART:
        yield from (f"lacks {name}" for name in table.keys() - fields.keys())
    for name, field in fields.items():
        if name not in table:
            yield f"makes up {name}"
            continue
        if bool(field.null) is not table[name].null:
            yield f"{name} may be NULL: {field.null} here, {table[name].null} there"
        is_key = bool(field.primary_key) or name in _key_of_several(model)
        if is_key is not table[name].primary_key:
            yield f"{name} is the key: {is_key} here, {table[name].primary_key} there"


def _key_of_several(model: type[Row]) -> tuple[str, ...]:
    key = model._meta.primary_key
    return key.field_names if isinstance(key, CompositeKey) else ()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_says_of_its_table_what_the_migrations_made(store: str, model: type[Row]):
    assert list(disagreements(model)) == []


def test_a_model_that_has_fallen_behind_is_noticed(store: str):
    class Behind(Row):
        kind = TextField(primary_key=True)
        subject = TextField(null=True)
        severity = IntegerField()
        created_at = TextField()

        class Meta:
            table_name = IncidentRow._meta.table_name

    assert sorted(disagreements(Behind)) == [
        "kind is the key: True here, False there",
        "lacks detail",
        "lacks ended_at",
        "lacks id",
        "makes up severity",
        "subject may be NULL: True here, False there",
    ]
