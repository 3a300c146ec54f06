"""What is wrong with the settings in an environment, each in one line."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from config import addresses
from config.secret_files import SECRETS

PREFIX = "STORYCLIP_"


def unknown_names(given: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """Say which names of ours do not exist; a typing error must not pass in silence."""
    known = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    for name in given:
        word = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else "there is no such setting"
            yield f"{name}: unknown, {hint}"


def invalid_values(
    invalid: ValidationError, given: Mapping[str, str], fields: Mapping[str, Any]
) -> Iterator[str]:
    """Say of each wrong value what was expected; a secret is not shown."""
    for error in invalid.errors(include_url=False, include_input=False):
        place = error["loc"][0]  # the environment's name for a value, the field's for a default
        name, field = next(
            (str(field.validation_alias), field)
            for attribute, field in fields.items()
            if place in (attribute, field.validation_alias)
        )
        value = given.get(name, str(field.default))
        extra = field.json_schema_extra
        expected = str(extra["expected"]) if isinstance(extra, dict) else error["msg"]
        if error["type"] == "value_error":
            expected = str(error["ctx"]["error"])
        yield f'{name}: expected {expected}, got "{_shown(name, value)}"'


def _shown(name: str, value: str) -> str:
    if name in SECRETS and not name.endswith("_URL"):
        return "***"
    return addresses.without_password(value)


def missing_credentials(given: Mapping[str, str]) -> Iterator[str]:
    """Say which of Metricool's credentials are missing; the sandbox needs none."""
    if addresses.is_loopback(given.get("METRICOOL_BASE_URL", "")):
        return
    meaning = {"METRICOOL_USER_TOKEN": "token", "METRICOOL_USER_ID": "numeric user id"}
    for name, what in meaning.items():
        if name not in given:
            yield f"{name}: expected the {what} of your Metricool account, got nothing"


def missing_client(given: Mapping[str, str]) -> Iterator[str]:
    """Say which half of signing in by another service is missing."""
    issuer, client = "STORYCLIP_OIDC_ISSUER", "STORYCLIP_OIDC_CLIENT_ID"
    for here, there in ((issuer, client), (client, issuer)):
        if here in given and there not in given:
            yield f"{there}: expected it beside {here}, got nothing"


def missing_bucket_keys(given: Mapping[str, str]) -> Iterator[str]:
    """Say what is missing to come into the bucket of users' files."""
    url = given.get("STORYCLIP_MEDIA_URL", "")
    for name in ("STORYCLIP_MEDIA_ACCESS_KEY", "STORYCLIP_MEDIA_SECRET_KEY"):
        if url.startswith("s3:") and name not in given:
            yield f"{name}: expected it beside an s3:// in STORYCLIP_MEDIA_URL, got nothing"
