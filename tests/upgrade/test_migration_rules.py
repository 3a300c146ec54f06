"""The rule about migrations, with a breach of each kind, and what it lets pass."""

from __future__ import annotations

import pytest

from tests.migration_rules import MIGRATIONS, short_locks_and_nothing_taken_away

BREACHES = [
    "ALTER TABLE lanes ADD COLUMN x TEXT NOT NULL",
    "ALTER TABLE lanes ADD COLUMN x TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE lanes ADD COLUMN x TEXT DEFAULT (random())",
    "ALTER TABLE lanes ADD COLUMN x INTEGER UNIQUE",
    "ALTER TABLE lanes ADD COLUMN x INTEGER REFERENCES publish_batch_clips (id)",
    "lanes ADD COLUMN x TEXT NOT NULL",
    "ALTER TABLE lanes RENAME COLUMN turns TO turned",
    "ALTER TABLE lanes DROP COLUMN turns",
    "DROP TABLE publish_sends",
    "ALTER TABLE lanes ALTER COLUMN turns TYPE BIGINT",
    "ALTER TABLE lanes ADD CONSTRAINT c CHECK (turns > 0)",
    "UPDATE publish_batch_clips SET sends = 1",
    "DELETE FROM publish_batch_events",
    "CREATE TABLE x (id INTEGER); INSERT INTO x SELECT id FROM publish_batch_clips",
    "CREATE TABLE x AS SELECT * FROM lanes",
    "CREATE INDEX x ON publish_batch_clips (client_id)",
    "CREATE UNIQUE INDEX x ON publish_batches (job_id) WHERE job_id IS NOT NULL",
    "VACUUM",
]
FINE = [
    "ALTER TABLE lanes ADD COLUMN x TEXT",
    "ALTER TABLE lanes ADD COLUMN x TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE lanes ADD COLUMN x INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE x (id INTEGER PRIMARY KEY, lane_id INTEGER NOT NULL REFERENCES lanes (id))",
    "CREATE TABLE x (id INTEGER); CREATE INDEX y ON x (id); INSERT INTO x (id) VALUES (1)",
    "DROP INDEX clips_due",
]


def found(source: str, name: str = "9000_x.py") -> list[str]:
    return list(short_locks_and_nothing_taken_away(MIGRATIONS + name, source))


@pytest.mark.parametrize("statement", BREACHES)
def test_a_breach_is_noticed(statement: str):
    assert found(f'db.execute_sql("{statement}")\n')


@pytest.mark.parametrize("statement", FINE)
def test_what_is_quick_and_takes_nothing_away_passes(statement: str):
    assert found(f'"""DROP TABLE, in words."""\ndb.execute_sql("{statement}")\n') == []


def test_what_the_runner_would_fill_row_by_row_is_noticed():
    assert found('migrator.migrate(migrator.add_column("lanes", "x", IntegerField(default=0)))\n')


def test_a_statement_that_is_put_together_out_of_sight_is_noticed():
    assert found('db.execute_sql(f"{what} publish_batch_clips")\n')
    assert found('db.execute_sql(f"ALTER TABLE {column}")\n') == []  # its parts are read


def test_an_index_may_be_built_beside_the_writers_outside_a_transaction():
    beside = 'db.execute_sql("CREATE INDEX CONCURRENTLY x ON lanes (turns)")\n'

    assert found(beside)
    assert found(f"atomic = False\n{beside}") == []


def test_what_was_released_before_the_rule_stays_as_it_is():
    assert found('db.execute_sql("DROP TABLE lanes")\n', "0006_identity.py") == []
