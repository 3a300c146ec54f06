"""How long a writer waits for each migration, on a table that is large."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from storyclip.store import schema
from tests.migration_rules import MEASURED_ON_SQLITE
from tests.upgrade import cost

MAX_WAIT_S = 1.0
FINE = (
    "ALTER TABLE publish_batch_clips ADD COLUMN planted TEXT",
    "ALTER TABLE publish_batch_clips ADD COLUMN planted_too INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE planted (clip_id INTEGER NOT NULL REFERENCES publish_batch_clips (id))",
)
BREACHES = (
    "UPDATE publish_batch_clips SET clip_title = 'all of them'",
    "CREATE INDEX planted ON publish_batch_clips (clip_index)",
)
SLACK = {"sqlite": 2_000, "postgres": 1_000_000}  # operations; bytes of the log, with the writer's


def planted(folder: Path, *statements: str) -> Path:
    """Today's migrations and one more."""
    folder.mkdir()
    for file in schema.MIGRATIONS.glob("[0-9]*.py"):
        shutil.copy(file, folder)
    lines = [f"    db.execute_sql({statement!r})\n" for statement in statements]
    (folder / "9000_planted.py").write_text("def up(migrator, db):\n" + "".join(lines))
    return folder


def since_the_rule(folder: Path) -> list[str]:
    names = [file.stem for file in sorted(folder.glob("[0-9]*.py"))]
    return names[names.index(cost.BEFORE_THE_RULE) + 1 :]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A database with few clips, and one with many."""
    folder = tmp_path_factory.mktemp("filled")
    few, many = (
        cost.filled_sqlite(folder / f"{rows}.db", schema.MIGRATIONS, rows)
        for rows in (cost.FEW, cost.MANY)
    )
    return few, many


@pytest.fixture(scope="module")
def filled_postgres(postgres: str) -> str:
    """A server with the databases `few` and `many`."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        for name in ("few", "many"):
            admin.execute(f"DROP DATABASE IF EXISTS {name}")
            admin.execute(f"CREATE DATABASE {name}")
    cost.filled_postgres(f"{postgres}/few", schema.MIGRATIONS, cost.FEW)
    cost.filled_postgres(f"{postgres}/many", schema.MIGRATIONS, cost.MANY)
    return postgres


def test_no_migration_has_a_writer_of_sqlite_wait_for_long_or_longer_with_more_clips(
    filled: tuple[Path, Path], tmp_path: Path
):
    migrations = planted(tmp_path / "m", *FINE)

    names = since_the_rule(migrations)
    every_few, every_many = (cost.costs_on_sqlite(file, migrations, names) for file in filled)

    for name in names:
        few, many = every_few[name], every_many[name]
        if many.wait_s >= MAX_WAIT_S:  # it may have been the tests beside this one
            many = cost.cost_on_sqlite(filled[1], migrations, name)

        assert many.work - few.work < SLACK["sqlite"], name
        assert many.wait_s < MAX_WAIT_S, name


def test_the_indexes_that_sqlite_builds_while_writers_wait_are_built_in_time(tmp_path: Path):
    many = cost.filled_with_batches(tmp_path / "batches.db", schema.MIGRATIONS, cost.MANY)
    building = [
        file.stem
        for file in schema.MIGRATIONS.glob("[0-9]*.py")
        if any(name in file.read_text() for name in MEASURED_ON_SQLITE)
    ]

    assert building
    for name in building:  # a fifth of what five million clips have, at ten to a batch
        found = cost.cost_on_sqlite(many, schema.MIGRATIONS, name)
        assert found.wait_s < MAX_WAIT_S, name
        assert found.work < 30 * cost.MANY, name  # each row once, and sorted


@pytest.mark.postgres
def test_no_migration_has_a_writer_of_postgresql_wait_for_long_or_longer_with_more_clips(
    filled_postgres: str, tmp_path: Path
):
    migrations = planted(tmp_path / "m", *FINE)

    names, kinds = since_the_rule(migrations), ("few", "many")
    every_few, every_many = (
        cost.costs_on_postgres(filled_postgres, kind, migrations, names) for kind in kinds
    )

    for name in names:
        few, many = every_few[name], every_many[name]
        if many.wait_s >= MAX_WAIT_S or many.work - few.work >= SLACK["postgres"]:
            few, many = (
                cost.cost_on_postgres(filled_postgres, kind, migrations, name) for kind in kinds
            )  # it may have been the tests beside this one, or a vacuum

        beside_the_writers = "atomic = False" in (migrations / f"{name}.py").read_text()
        assert beside_the_writers or many.work - few.work < SLACK["postgres"], name
        assert many.wait_s < MAX_WAIT_S, name


@pytest.mark.parametrize("breach", BREACHES)
def test_a_migration_that_grows_with_the_table_is_noticed_on_sqlite(
    filled: tuple[Path, Path], tmp_path: Path, breach: str
):
    migrations = planted(tmp_path / "m", breach)

    few, many = (cost.cost_on_sqlite(file, migrations, "9000_planted", again=1) for file in filled)

    assert many.work - few.work > SLACK["sqlite"] * 10
    assert many.wait_s > few.wait_s


@pytest.mark.postgres
@pytest.mark.parametrize("breach", BREACHES)
def test_a_migration_that_grows_with_the_table_is_noticed_on_postgresql(
    filled_postgres: str, tmp_path: Path, breach: str
):
    migrations = planted(tmp_path / "m", breach)

    few, many = (
        cost.cost_on_postgres(filled_postgres, kind, migrations, "9000_planted", again=1)
        for kind in ("few", "many")
    )

    assert many.work - few.work > SLACK["postgres"]
