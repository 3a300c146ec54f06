"""What a migration must not do to a table that has five million rows, and to the last release."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

# Released before the rule: they stay as they are, and no new one is like them
RELEASED_BEFORE = ("0001_", "0002_", "0003_", "0004_", "0005_", "0006_")
MIGRATIONS = "storyclip/store/migrations/"
# SQLite builds no index beside its writers. There are far fewer batches than clips: these few took
# less than a second on as many as five million clips have, and tests/upgrade/test_locks.py looks
MEASURED_ON_SQLITE = frozenset({"batches_by_status", "batches_by_end"})

_NAME = r'"?(\w+)"?'
_MADE = re.compile(rf"\bCREATE TABLE (?:IF NOT EXISTS )?{_NAME}", re.IGNORECASE)
_INDEX = re.compile(
    rf"\bCREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?{_NAME}\s+ON {_NAME}",
    re.IGNORECASE,
)
_FILLED = re.compile(
    rf"\b(?:UPDATE|DELETE FROM|INSERT INTO) {_NAME}(.*)", re.IGNORECASE | re.DOTALL
)
_OF_A_TRIGGER = re.compile(r"\bBEFORE \w+(?: OR \w+)* ON\b", re.IGNORECASE)
_ADDED = re.compile(r"\bADD COLUMN\b(.*)", re.IGNORECASE | re.DOTALL)
_CONSTANT = re.compile(r"DEFAULT ('[^']*'|-?\d+(\.\d+)?|TRUE|FALSE|NULL)(?=\s|,|$)", re.IGNORECASE)
_BREAKS = {
    r"\bRENAME\b": "renames what the last release reads",
    r"\bDROP (COLUMN|TABLE)\b": "drops what the last release reads, and SQLite copies the table",
    r"\bALTER COLUMN\b": "changes a column: the table is rewritten or read through",
    r"\b(VACUUM|REINDEX|CLUSTER)\b": "rewrites everything while it holds the lock",
    r"\bCREATE TABLE \w+ AS\b": "copies a table while it holds the lock",
    r"\bADD (CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b": "reads the table through",
}
_IN_A_COLUMN = re.compile(r"\b(UNIQUE|PRIMARY KEY|CHECK|REFERENCES|GENERATED)\b", re.IGNORECASE)


def short_locks_and_nothing_taken_away(path: str, source: str) -> Iterator[str]:
    """No migration holds the write lock for a second on 5,000,000 clips, or takes anything away.

    What is fine: tables; columns that may be empty or have a constant default; indexes of tables
    that the migration itself makes, others CONCURRENTLY, on PostgreSQL and in no transaction; those
    of MEASURED_ON_SQLITE.
    """
    name = path.removeprefix(MIGRATIONS)
    if name == path or name.startswith(RELEASED_BEFORE):
        return
    tree = ast.parse(source)
    texts = list(_texts(tree))
    made = {found.lower() for _, text in texts for found in _MADE.findall(text)}
    for line, text in texts:
        for trouble in _troubles(text, made):
            yield f"{path}:{line}: {trouble}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "migrator":
            yield f"{path}:{node.lineno}: the runner fills columns row by row: write statements out"
        if isinstance(node, ast.JoinedStr) and not isinstance(node.values[0], ast.Constant):
            yield f"{path}:{node.lineno}: a statement whose beginning nobody can read here"
    if "CONCURRENTLY" in source.upper() and not re.search(
        r"^atomic = False$", source, re.MULTILINE
    ):
        yield f"{path}: CONCURRENTLY needs `atomic = False`"


def _troubles(text: str, made: set[str]) -> Iterator[str]:
    text = _OF_A_TRIGGER.sub("ON", text)
    for pattern, why in _BREAKS.items():
        if re.search(pattern, text, re.IGNORECASE):
            yield why
    for concurrently, name, table in _INDEX.findall(text):
        if table.lower() not in made and not concurrently and name not in MEASURED_ON_SQLITE:
            yield f"an index of {table}, which is there already, is built while writers wait"
    for table, rest in _FILLED.findall(text):
        if table.lower() not in made:
            yield f"changes rows of {table}: do it in portions, in the running service"
        elif "SELECT" in rest.upper():
            yield f"reads a table through to fill {table}"
    for column in _ADDED.findall(text):
        if _IN_A_COLUMN.search(column):
            yield "a column with a constraint: the table is read through"
        must_not_be_empty = re.search(r"\bNOT NULL\b", column, re.IGNORECASE)
        has_default = re.search(r"\bDEFAULT\b", column, re.IGNORECASE)
        if (must_not_be_empty or has_default) and not _CONSTANT.search(column):
            yield "a column that is neither empty nor has a constant default"


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documented:
            assert isinstance(node, ast.Constant)
            yield node.lineno, " ".join(str(node.value).split())
