"""Metricool over HTTP: every outcome sorted into refused, created or unknown."""

from __future__ import annotations

from config.secret_files import LiveSecret
from config.settings import Settings
from storyclip.domain.budget import Budget
from storyclip.upstream.metricool import Metricool

SANDBOX_TOKEN, SANDBOX_USER_ID = "sandbox-token", "1"  # opens nothing but the sandbox


def metricool_of(settings: Settings, budget: Budget | None = None) -> Metricool:
    """Return access to the Metricool of the settings; without credentials, to a sandbox."""
    token = settings.metricool_user_token
    said = token.get_secret_value() if token else SANDBOX_TOKEN
    return Metricool(
        settings.metricool_base_url,
        LiveSecret(settings.metricool_user_token_file, said, str),
        settings.metricool_user_id or SANDBOX_USER_ID,
        settings.http_deadline_s,
        budget=budget,
    )
