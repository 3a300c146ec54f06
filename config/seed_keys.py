"""`STORYCLIP_API_KEYS`: API keys that are seeded from the environment."""

import re
from dataclasses import dataclass, field

from storyclip.domain.holder import Scope, scopes_of
from storyclip.domain.names import EVERY, Names, names

LEAST_LENGTH = 32  # characters: of random ones nobody finds it by trying
_WORD = re.compile(r"[!-~]+")  # visible ASCII: what fits into an HTTP header


@dataclass(frozen=True)
class SeedKey:
    """One key from the environment; `accounts` is None where none are named: as its user's."""

    key: str = field(repr=False)
    user_id: str
    scopes: frozenset[Scope]
    accounts: Names | None


def parse_seed_keys(text: str) -> tuple[SeedKey, ...]:
    """Read a comma list of `key:userId:scope+scope[@account+account]`, in its order.

    `@*` says every account; without `@` the key has those that its user has otherwise, or none.

    Raises:
        ValueError: with what was expected of which entry; never with the key itself.
    """
    entries = [entry.strip() for entry in text.split(",")]
    keys = tuple(
        _parse_entry(entry, number) for number, entry in enumerate(entries, start=1) if entry
    )
    if len({seed.key for seed in keys}) < len(keys):
        raise ValueError("every key only once")
    return keys


def _parse_entry(entry: str, number: int) -> SeedKey:
    parts = entry.split(":")
    if len(parts) != 3 or not all(_WORD.fullmatch(part) for part in parts):
        raise ValueError(f"key:userId:scope+scope[@account+account] as entry {number}")
    key, user_id, rights = parts
    if len(key) < LEAST_LENGTH:
        raise ValueError(
            f"a key of at least {LEAST_LENGTH} characters in entry {number}, which has"
            f' {len(key)} (make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))")'
        )
    scope_list, at, account_list = rights.partition("@")
    try:
        scopes = scopes_of(scope_list.split("+"))
    except ValueError as expected:
        raise ValueError(f"{expected} in entry {number}") from None
    named = account_list.split("+")
    accounts = (EVERY if named == ["*"] else names(named)) if at else None
    if "" in named and at:
        raise ValueError(f"account+account behind the @ of entry {number}")
    return SeedKey(key=key, user_id=user_id, scopes=scopes, accounts=accounts)
