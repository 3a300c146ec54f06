"""What is done with the database as a whole: back it up, put one back, bring it up to date."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import click

from config.addresses import sqlite_file, without_password
from config.settings import Settings, SettingsInvalid
from storyclip.domain.errors import StoreUnavailable
from storyclip.stack import lock
from storyclip.store import database, schema
from storyclip.store.service import backup as copies
from storyclip.store.service.restore import (
    Place,
    RestoreRefused,
    Standing,
    place_at,
    still_beating,
)

# Longer than two beats of a worker that is slow, so that a living one has moved its counter
LOOK_TWICE_S = 2.5
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(min=1), help="Then delete older ones but the newest N.")
@AS_JSON
def backup(target: Path | None, keep: int | None, as_json: bool) -> None:
    """Copy the database that DATABASE_URL names, also while the service runs.

    TARGET is a new file, or a folder, where the copy's name says its time; without it the folder
    STORYCLIP_BACKUP_DIR. SQLite gives a .db, PostgreSQL a .dump, made by pg_dump. The copy is
    checked, and only its owner can read it.
    """
    settings = _settings()
    folder = target or settings.backup_folder
    if folder is None:
        raise click.UsageError("Name a file or a folder, or set STORYCLIP_BACKUP_DIR.")
    is_file = target is not None and not target.is_dir()
    if is_file and keep is not None:
        raise click.UsageError("--keep is for a folder; make it first, if it is to be one.")
    url, now = settings.database_url, datetime.now(UTC)
    file = folder if is_file else folder / copies.name_for(url, now)
    try:
        copies.back_up(url, file)
    except copies.BackupFailed as reason:
        sys.exit(f"No backup was made: {reason}")
    try:
        deleted = copies.keep_newest(folder, keep) if keep is not None else ()
    except copies.BackupFailed as reason:
        sys.exit(f"{file} is made, but older ones could not be deleted: {reason}")
    if as_json:
        facts = {"file": str(file), "bytes": file.stat().st_size, "deleted": [*map(str, deleted)]}
        click.echo(json.dumps(facts))
        return
    click.echo(file)
    for old in deleted:
        click.echo(f"Deleted: {old}", err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@AS_JSON
def restore(file: Path, yes: bool, as_json: bool) -> None:
    """Put a backup in the place of the database that DATABASE_URL names.

    Stop web, workers and media first: it refuses while they run. What is replaced is kept aside,
    never deleted. The next start sends nothing before it has compared each lane with Metricool:
    what went out since the backup is not in it.
    """
    url = _settings().database_url
    place, shown = place_at(url), without_password(url)
    now = datetime.now(UTC)
    try:
        place.examine(file)
        with _no_stack(url):
            found = _standing_still(place)
            click.echo(f"{shown}: {_words(found)}", err=True)
            click.echo(f"It is replaced by {file}, and kept aside.", err=True)
            if not yes:
                click.confirm("Go on?", abort=True, err=True)
            aside = place.replace(file, now)
    except (RestoreRefused, StoreUnavailable, lock.DataTaken, OSError) as reason:
        sys.exit(f"Nothing was restored: {reason}")
    if as_json:
        kept = None if aside is None else str(aside)
        click.echo(json.dumps({"restored": str(file), "database": shown, "replaced": kept}))
    if aside is not None:
        click.echo(f"What was there is now {aside}.", err=True)
    click.echo(
        "Restored. Start web, workers and media; each lane is looked at before anything is sent.",
        err=True,
    )


@click.command()
@AS_JSON
def migrate(as_json: bool) -> None:
    """Bring the tables of the database that DATABASE_URL names up to date, and say what was done.

    Each process does so when it starts; done before, their start does not wait for it. The last
    release's processes may run meanwhile, and on the new tables.
    """
    url = _settings().database_url
    try:
        applied = database.connect(url)
        database.disconnect()
    except StoreUnavailable as reason:
        sys.exit(f"The tables are not up to date: {reason}")
    newest = schema.known()[-1]
    if as_json:
        click.echo(json.dumps({"applied": list(applied), "schemaVersion": newest}))
        return
    for name in applied:
        click.echo(name)
    click.echo(f"The tables are as of {newest}.", err=True)


@contextmanager
def _no_stack(url: str) -> Iterator[None]:
    """Hold the folder of a SQLite database as `storyclip run` does, so that none starts.

    Raises:
        DataTaken: one runs.
    """
    if not url.startswith("sqlite"):
        yield
        return
    held = lock.take(sqlite_file(url).parent)
    try:
        yield
    finally:
        os.close(held)


def _standing_still(place: Place) -> Standing | None:
    """Return what is there, after a look of some seconds at whether any worker lives.

    Raises:
        RestoreRefused: one does.
    """
    before = place.standing()
    if before is not None and before.beats:
        sleep(LOOK_TWICE_S)
    found = place.standing()
    if alive := still_beating(before, found):
        raise RestoreRefused(f"the service runs (worker {', '.join(alive)}): stop it first")
    return found


def _words(found: Standing | None) -> str:
    if found is None:
        return "there is nothing yet."
    if found.trouble is not None:
        return f"cannot be read ({found.trouble})."
    newest = f", the newest of {found.newest}" if found.newest else ""
    return f"{found.batches} batches{newest}."


def _settings() -> Settings:
    try:
        return Settings.from_environment(needs_upstream=False)
    except SettingsInvalid as invalid:
        sys.exit(str(invalid))
