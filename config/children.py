"""What child processes find in their environment: each the names that it needs, and no others.

Whoever runs a service often has other programs' secrets in the shell; a Redis needs none at all.
"""

import os
from collections.abc import Iterable, Mapping

from config import secret_files
from config.settings import names

# Of the system: where programs, files and words are
_SYSTEM = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "VIRTUAL_ENV")
)
_SYSTEM_BEGINS = ("LC_", "LD_", "DYLD_", "PYTHON")
# What tunes the libraries that the service stands on, and where libpq and OpenSSL find theirs
_TUNING = frozenset(("WEB_CONCURRENCY", "NOTIFY_SOCKET", "COVERAGE_PROCESS_START"))
_TUNING_BEGINS = ("GUNICORN_", "dramatiq_", "PG", "SSL_CERT_", "MALLOC_")
# Settings of the commands that ask a service: the service itself needs neither
_OF_CLIENTS = ("STORYCLIP_URL", "STORYCLIP_API_KEY", "STORYCLIP_API_KEY_FILE")


def for_any(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a program that is told everything else: no setting of ours."""
    return {**_those(_SYSTEM, _SYSTEM_BEGINS), **(changes or {})}


def for_postgres(changes: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of PostgreSQL's own programs."""
    return {**for_any(), **_those((), ("PG",)), **changes}


def for_the_service(changes: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of web and workers: the settings, and what tunes the libraries.

    A secret that is changed is not also read from a file.
    """
    settings = _those({*names()} - {*_OF_CLIENTS}, ())
    told = {**for_any(), **_those(_TUNING, _TUNING_BEGINS), **settings}
    twins = {name + secret_files.SUFFIX for name in changes}
    return {**{name: word for name, word in told.items() if name not in twins}, **changes}


def _those(wanted: Iterable[str], begins: tuple[str, ...]) -> dict[str, str]:
    wanted = frozenset(wanted)
    return {
        name: word
        for name, word in os.environ.items()
        if name in wanted or (begins and name.startswith(begins))
    }
