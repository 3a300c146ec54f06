"""Every setting of the service: its name, its unit, its default and its bounds.

Nothing else in the service reads the environment. The meaning of each is in
`config/storyclip.env.example`.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, SettingsConfigDict

from config import addresses, capacity, objections, secret_files
from config.fields import count as _count
from config.fields import field as _field
from config.fields import file_of as _file_of
from config.fields import margin as _margin
from config.fields import plain as _plain
from config.fields import rate as _rate
from config.fields import seconds as _seconds
from config.objections import PREFIX
from config.secret_files import LiveSecret, parse_secret
from config.seed_keys import SeedKey, parse_seed_keys

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class SettingsInvalid(Exception):
    """The environment is not one to start in; `problems` has everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _not_below_base(retry_max_s: float, others: ValidationInfo) -> float:
    base_s = others.data.get("retry_base_s", 0)
    if retry_max_s < base_s:
        raise ValueError(f"seconds >= {base_s:g}, which is STORYCLIP_RETRY_BASE_S")
    return retry_max_s


class Settings(BaseSettings):
    """What one process was told by its environment; built once, in its main."""

    model_config = SettingsConfigDict(
        frozen=True,
        case_sensitive=True,
        env_ignore_empty=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    port: int = _field("PORT", 8000, "a port from 0 to 65535, 0 for a free one", ge=0, le=65535)
    database_url: Annotated[str, AfterValidator(addresses.database_url)] = Field(
        "sqlite:///data/storyclip.db", validation_alias="DATABASE_URL", repr=False
    )
    pool_size: int = _field(
        "STORYCLIP_POOL_SIZE", capacity.POOL_SIZE, "a whole number from 2 to 1000", ge=2, le=1000
    )
    pool_lifetime_s: float = _seconds("POOL_LIFETIME_S", capacity.POOL_LIFETIME_S, DAY_S)
    redis_url: Annotated[str, AfterValidator(addresses.redis_url)] = Field(
        "redis://127.0.0.1:6379/0", validation_alias="REDIS_URL", repr=False
    )

    metricool_base_url: Annotated[str, AfterValidator(addresses.upstream_url)] = Field(
        "https://app.metricool.com/api", validation_alias="METRICOOL_BASE_URL"
    )
    metricool_user_token: SecretStr | None = Field(None, validation_alias="METRICOOL_USER_TOKEN")
    metricool_user_id: str | None = Field(None, validation_alias="METRICOOL_USER_ID")

    secret: Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_secret)] = Field(
        (), validation_alias="STORYCLIP_SECRET", repr=False
    )
    api_keys: Annotated[tuple[SeedKey, ...], NoDecode, BeforeValidator(parse_seed_keys)] = Field(
        (), validation_alias="STORYCLIP_API_KEYS"
    )

    confirm_interval_s: float = _seconds("CONFIRM_INTERVAL_S", 2, HOUR_S)
    confirm_attempts: int = _count("CONFIRM_ATTEMPTS", 60, 10_000)
    late_watch_s: float = _seconds("LATE_WATCH_S", HOUR_S, 7 * DAY_S)
    lead_s: float = _margin("LEAD_S", 20, HOUR_S)
    date_step_s: float = _seconds("DATE_STEP_S", 60, HOUR_S)
    settle_s: float = _margin("SETTLE_S", 120, DAY_S)
    http_deadline_s: float = _seconds("HTTP_DEADLINE_S", 20, 600)
    max_attempts: int = _count("MAX_ATTEMPTS", 5, 100)
    retry_base_s: float = _seconds("RETRY_BASE_S", 2, HOUR_S)
    retry_max_s: Annotated[float, AfterValidator(_not_below_base)] = _seconds(
        "RETRY_MAX_S", 300, DAY_S, validate_default=True
    )
    quota_24h: int = _count("QUOTA_24H", 50, 10_000)
    max_late_s: float = _seconds("MAX_LATE_S", HOUR_S, 7 * DAY_S)
    start_paused: bool = _field(PREFIX + "START_PAUSED", False, "1 or 0")
    webhook_allow_private: bool = _field(PREFIX + "WEBHOOK_ALLOW_PRIVATE", False, "true or false")

    writes_per_s: float = _rate("WRITES_PER_S", 100)
    reads_per_s: float = _rate("READS_PER_S", 200)
    streams_per_s: float = _rate("STREAMS_PER_S", 200)
    metricool_calls_per_s: float = _rate("METRICOOL_CALLS_PER_S", 2000)
    metricool_reads_per_s: float = _rate("METRICOOL_READS_PER_S", 5)
    max_running_batches: int = _count("MAX_RUNNING_BATCHES", 1000, 100_000)
    max_running_clips: int = _count("MAX_RUNNING_CLIPS", 20_000, 10_000_000)
    max_streams_a_user: int | None = _count("MAX_STREAMS_A_USER", None, 100_000)
    session_lasts_s: float = _seconds("SESSION_LASTS_S", 12 * HOUR_S, 30 * DAY_S)
    session_idle_s: float = _seconds("SESSION_IDLE_S", 2 * HOUR_S, 30 * DAY_S)
    probe_clips: bool = _field("STORYCLIP_PROBE_CLIPS", False, "1 or 0")

    fetch_clips: bool = _field("STORYCLIP_FETCH_CLIPS", False, "1 or 0")

    backup_folder: Path | None = _plain("BACKUP_DIR")
    media_url: Annotated[str | None, AfterValidator(addresses.media_url)] = _plain("MEDIA_URL")
    media_access_key: SecretStr | None = _plain("MEDIA_ACCESS_KEY")
    media_secret_key: SecretStr | None = _plain("MEDIA_SECRET_KEY")
    media_max_mb: int = _count("MEDIA_MAX_MB", 50_000, 100_000_000)
    media_max_mb_a_user: int | None = _count("MEDIA_MAX_MB_A_USER", None, 100_000_000)
    file_max_mb: int = _count("FILE_MAX_MB", 4_000, 100_000)
    backup_keep: int = _count("BACKUP_KEEP", 14, 10_000)
    audit_keep_days: int | None = _count("AUDIT_KEEP_DAYS", None, 36_500)

    oidc_issuer: Annotated[str | None, AfterValidator(addresses.upstream_url)] = _plain(
        "OIDC_ISSUER"
    )
    oidc_client_id: str | None = _plain("OIDC_CLIENT_ID")
    oidc_client_secret: SecretStr | None = _plain("OIDC_CLIENT_SECRET")
    oidc_claim: Literal["email", "sub"] = _field("STORYCLIP_OIDC_CLAIM", "email", "email or sub")

    public_url: Annotated[str | None, AfterValidator(addresses.public_url)] = _plain("PUBLIC_URL")
    trusted_proxies: Annotated[
        tuple[addresses.Network, ...], NoDecode, BeforeValidator(addresses.networks)
    ] = Field((), validation_alias="STORYCLIP_TRUSTED_PROXIES")
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(addresses.cors_origins)] = (
        Field((), validation_alias="STORYCLIP_CORS_ORIGINS")
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(str.lower)
    ] = _field("STORYCLIP_LOG_LEVEL", "info", "debug, info, warning, error or critical")
    log_format: Annotated[Literal["auto", "json", "console"], BeforeValidator(str.lower)] = _field(
        "STORYCLIP_LOG_FORMAT", "auto", "auto, json or console"
    )

    client_url: Annotated[str, AfterValidator(addresses.service_url)] = Field(
        "http://127.0.0.1:8000", validation_alias="STORYCLIP_URL"
    )
    client_key: SecretStr | None = _plain("API_KEY")
    # Each instead of the setting without _FILE
    database_url_file: Path | None = _file_of("DATABASE_URL")
    redis_url_file: Path | None = _file_of("REDIS_URL")
    metricool_user_token_file: Path | None = _file_of("METRICOOL_USER_TOKEN")
    secret_file: Path | None = _file_of("STORYCLIP_SECRET")
    api_keys_file: Path | None = _file_of("STORYCLIP_API_KEYS")
    oidc_client_secret_file: Path | None = _file_of("STORYCLIP_OIDC_CLIENT_SECRET")
    media_access_key_file: Path | None = _file_of("STORYCLIP_MEDIA_ACCESS_KEY")
    media_secret_key_file: Path | None = _file_of("STORYCLIP_MEDIA_SECRET_KEY")
    client_key_file: Path | None = _file_of("STORYCLIP_API_KEY")

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, *, needs_upstream: bool = True
    ) -> Self:
        """Read `environ`, or the process's own environment.

        Raises:
            SettingsInvalid: with every problem at once. With `needs_upstream`, missing Metricool
                credentials are one, unless the base URL is on this machine (the sandbox).
        """
        given = {
            name: value.strip()
            for name, value in (os.environ if environ is None else environ).items()
            if value.strip()
        }
        problems = [*objections.unknown_names(given, names())]
        given, unreadable = secret_files.read_into(given)
        problems += unreadable
        source = EnvSettingsSource(cls)
        source.env_vars = given
        try:
            settings = cls(_build_sources=((source,), {}))
        except ValidationError as invalid:
            problems += objections.invalid_values(invalid, given, cls.model_fields)
        problems += objections.missing_client(given)
        problems += objections.missing_bucket_keys(given)
        if needs_upstream:
            problems += objections.missing_credentials(given)
        if problems:
            raise SettingsInvalid(problems)
        return settings

    @property
    def redis_is_given(self) -> bool:
        """False where the stack should start the embedded Redis-compatible server."""
        return "redis_url" in self.model_fields_set

    @property
    def upstream_is_given(self) -> bool:
        """False where the stack should start the sandbox."""
        return "metricool_base_url" in self.model_fields_set

    def open_secret_files(self) -> list[str]:
        """Return which files of secrets other users of this machine may read."""
        named = [getattr(self, name) for name in type(self).model_fields if name.endswith("_file")]
        return secret_files.open_to_others(named)

    def secret_source(self) -> Callable[[], tuple[str, ...]]:
        """Return what tells STORYCLIP_SECRET as it is now: its file may be exchanged meanwhile."""
        return LiveSecret(self.secret_file, self.secret, parse_secret)

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be written into a log."""
        urls = (self.database_url, self.redis_url)
        passwords = [urlsplit(url).password for url in urls]
        values = (getattr(self, name) for name in type(self).model_fields)
        hidden = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        candidates = [*hidden, *passwords]
        seeded = (seed.key for seed in self.api_keys)
        return (*self.secret, *seeded, *(word for word in candidates if word))


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of this process's environment for a child process, with `changes` applied.

    A secret that is changed is not also read from a file.
    """
    twins = {name + secret_files.SUFFIX for name in changes}
    return {**{name: word for name, word in os.environ.items() if name not in twins}, **changes}


def names() -> tuple[str, ...]:
    """Return the names of all settings as the environment spells them."""
    return tuple(str(field.validation_alias) for field in Settings.model_fields.values())
