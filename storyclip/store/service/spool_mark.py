"""The mark of the folder that has users' files: what is there without it is another folder."""

from __future__ import annotations

from storyclip.store.database import reading, writing
from storyclip.store.models import InstallationRow

_OF = "spool "


def find(place: str) -> str | None:
    """Return the mark that the folder at a place has, None where no folder was there yet.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = InstallationRow.get_or_none(InstallationRow.name == f"{_OF}{place}")
    return None if row is None else str(row.value)


def keep(place: str, mark: str) -> str:
    """Write the mark of the first folder at a place, and return it; what was written before stays.

    Raises:
        StoreUnavailable: nothing was written.
    """
    fact = InstallationRow.insert(name=f"{_OF}{place}", value=mark, is_shown=False)
    with writing():
        fact.on_conflict(action="nothing", conflict_target=[InstallationRow.name]).execute()
    return find(place) or mark
