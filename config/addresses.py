"""The addresses among the settings: databases, Redis, Metricool, browser origins."""

import ipaddress
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_loopback(url: str) -> bool:
    """Tell whether the URL's host is this machine, by its name or its address."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_password(url: str) -> str:
    """Return the URL with `***` for a password, so that it may be shown."""
    before, at, after = url.rpartition("@")
    scheme, colon, credentials = before.partition("://")
    if not at or not colon or ":" not in credentials:
        return url
    return f"{scheme}://{credentials.partition(':')[0]}:***@{after}"


def database_url(text: str) -> str:
    """Accept SQLite and PostgreSQL, and spell each one way.

    Raises:
        ValueError: with what was expected.
    """
    expected = "sqlite:///file.db or postgresql://user@host/name"
    if text.startswith("sqlite:"):
        text = text.replace(" ", "%20")  # people write a path as the folder is called
    parts = _split(text, expected)
    if parts.scheme == "sqlite":
        if parts.netloc:
            raise ValueError(
                "three slashes, sqlite:///file.db (with two the name is a host, "
                "and the database would live in memory)"
            )
        if parts.path in ("", "/", "/:memory:"):
            raise ValueError(
                "a file, sqlite:///file.db (web and worker share the database, "
                "and each would have a memory of its own)"
            )
        return text
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(expected)
    if parts.path in ("", "/"):
        raise ValueError("the database's name at the end, postgresql://user@host/name")
    return "postgresql" + text[len(parts.scheme) :]


def sqlite_url(file: Path) -> str:
    """Return the address of a SQLite file, whatever its folders are called."""
    return f"sqlite:///{quote(str(file))}"


def sqlite_file(url: str) -> Path:
    """Return the file that the address of a SQLite database names."""
    return Path(unquote(urlsplit(url).path[1:]))  # peewee would leave %20 in a folder's name


def media_url(text: str) -> str:
    """Accept a folder of this machine, and a bucket of an S3.

    Raises:
        ValueError: with what was expected.
    """
    expected = (
        "file:///folder, or s3://bucket/prefix, with ?region=… and, unless it is Amazon's,"
        " &endpoint=https://host"
    )
    parts = _split(text, expected)
    if parts.scheme == "file" and not parts.netloc and parts.path not in ("", "/"):
        return text
    asked = dict(parse_qsl(parts.query))
    if parts.scheme != "s3" or not parts.hostname or parts.username or parts.port or parts.fragment:
        raise ValueError(expected)
    if not asked.get("region") or asked.keys() - {"region", "endpoint"}:
        raise ValueError(expected)
    if "endpoint" in asked:
        url = _base(asked["endpoint"], expected)
        if urlsplit(url).scheme == "http" and not is_loopback(url):
            raise ValueError(f"{expected} (http only on this machine)")
    return text


def media_folder(url: str | None, database: str) -> Path:
    """Return the folder of users' files: as the address says, else beside a SQLite database.

    With a bucket it is where this machine works on them.
    """
    if url is not None and urlsplit(url).scheme == "file":
        return Path(unquote(urlsplit(url).path))
    is_sqlite = database.startswith("sqlite:")
    return (sqlite_file(database).parent if is_sqlite else Path("data")) / "media"


def media_bucket(url: str) -> tuple[str, str, str | None, str] | None:
    """Return bucket, prefix, endpoint (None: Amazon's) and region; None of a folder."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return None
    asked = dict(parse_qsl(parts.query))
    return parts.netloc, parts.path.strip("/"), asked.get("endpoint"), asked["region"]


def redis_url(text: str) -> str:
    """Accept what redis-py can connect to.

    Raises:
        ValueError: with what was expected.
    """
    expected = "redis://host:port/0, rediss://… or unix:///path"
    parts = _split(text, expected)
    if parts.scheme == "unix" and parts.path not in ("", "/"):
        return text
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        return text
    raise ValueError(expected)


def upstream_url(text: str) -> str:
    """Accept http and https, and drop a slash at the end: paths are appended.

    Raises:
        ValueError: with what was expected; https is, except on this machine.
    """
    expected = "https://host/path"
    url = _base(text, expected)
    if urlsplit(url).scheme == "http" and not is_loopback(url):
        raise ValueError(f"{expected} (http only on this machine: the token must not be readable)")
    return url


def service_url(text: str) -> str:
    """Accept where a StoryClip answers, and drop a slash at the end: paths are appended.

    Raises:
        ValueError: with what was expected; http is fine, for it may be a neighbour.
    """
    return _base(text, "the service's address like https://storyclip.example.com")


def cors_origins(text: str) -> tuple[str, ...]:
    """Read a comma list of browser origins, in its order.

    Raises:
        ValueError: with what was expected of which origin.
    """
    origins = (entry.strip().rstrip("/").lower() for entry in text.split(","))
    return tuple(_origin(origin) for origin in origins if origin)


def public_url(text: str) -> str:
    """Read the one origin at which the service is seen from outside, as browsers spell it.

    Raises:
        ValueError: with what was expected.
    """
    expected = "the address that browsers see, like https://storyclip.example.com"
    origin = _origin(text.rstrip("/").lower(), expected)
    usual = {"http": ":80", "https": ":443"}[urlsplit(origin).scheme]
    return origin.removesuffix(usual)


def networks(text: str) -> tuple[Network, ...]:
    """Read a comma list of addresses and networks, in its order.

    Raises:
        ValueError: with what was expected.
    """
    entries = [entry.strip() for entry in text.split(",")]
    try:
        return tuple(ipaddress.ip_network(entry) for entry in entries if entry)
    except ValueError:
        expected = "a comma list of addresses and networks like 127.0.0.1, 10.0.0.0/8, fd00::/8"
        raise ValueError(expected) from None


def _origin(
    origin: str,
    expected: str = "a comma list of origins like https://app.example.com, each by its name",
) -> str:
    parts = _split(origin, expected)
    if parts.scheme not in ("http", "https") or not parts.hostname or "*" in origin:
        raise ValueError(expected)
    if origin != f"{parts.scheme}://{parts.netloc}" or parts.username is not None:
        raise ValueError(f"{expected}, without a path")
    return origin


def _base(text: str, expected: str) -> str:
    parts = _split(text, expected)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(expected)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{expected}, without user, query or fragment")
    return text.rstrip("/")


def _split(text: str, expected: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port_is_readable = parts.port is None or parts.port >= 0
    except ValueError:
        raise ValueError(expected) from None
    if not port_is_readable or any(character.isspace() for character in text):
        raise ValueError(expected)
    return parts
