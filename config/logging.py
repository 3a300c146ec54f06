"""Logs: JSON lines, readable ones on a terminal, and no secret in either.

Everything goes through the standard library's root logger, so that what gunicorn, Dramatiq or
urllib3 have to say has the same shape and the same mask as our own lines.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.printable import printable

LEAST_SECRET_LENGTH = 8  # shorter ones turn up inside innocent words; masked only as whole values
MASK = "***"

_API_KEY = re.compile(r"\b(sc_[A-Za-z0-9]+_|whsec_)[A-Za-z0-9+/_-]{16,}=*")
_SIGNED_QUERY = re.compile(
    r"([?&](?:ticket|token|sig|signature|policy|key-pair-id|code|invite)="
    # also without its URL around it, and inside another one's query
    r"|(?:x-(?:amz|goog)-[a-z-]+|(?<![\w-])(?:(?:__host-)?storyclip|user_?token"
    r"|(?:access|refresh|id)_token|client_secret|password))(?:=|%3d))"
    r"[^&\s\"'<>;,%]+(?:%(?!26)[0-9a-f]{2}[^&\s\"'<>;,%]*)*",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"([a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s/@\"']+(?=@)", re.IGNORECASE)
_BEARER = re.compile(r"(\bbearer\s+)(?!sc_|\*\*\*)[A-Za-z0-9._~+/-]{8,}=*", re.IGNORECASE)


# What a field or header of this name holds is secret, whether or not anybody told us its value.
_SECRET_NAMES = {
    "x-mc-auth",
    "x-api-key",
    "api-key",
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "usertoken",
    "user-token",
    "metricool-user-token",
    "token",
    "ticket",
    "password",
    "secret",
    "client-secret",
    "webhook-signature",
}
# The same inside a text: `X-Mc-Auth: …`, `userToken=…`, and as a dict or a pair looks printed.
_NAMED_SECRET = re.compile(
    r"""((?<![\w-])(?:x-mc-auth|x-api-key|(?:proxy-)?authorization|(?:set-)?cookie|user[_-]?token)
    (?:["']\s*[:=,]|\s*[:=])\s*(?:b?["'])?(?:(?:bearer|basic)\s+)?)
    (?!\*\*\*)[^\s"',;&<>(){}\[\]]+""",
    re.IGNORECASE | re.VERBOSE,
)


class SecretsMasked:
    """Replaces API keys, signatures in URLs and the secrets it was given, at any depth.

    What stands under the name of a secret field or header goes too, known or not.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if secret}
        self._whole = known
        self._inside = sorted(
            (secret for secret in known if len(secret) >= LEAST_SECRET_LENGTH),
            key=len,
            reverse=True,
        )

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Serve as a structlog processor."""
        return {
            name: value if name.startswith("_") else self._field(name, value)
            for name, value in event.items()
        }

    def masked(self, value: object) -> object:
        """Return `value` fit to be read by anybody; what is no plain value becomes its text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {
                self._text(_word(name)): self._field(name, item) for name, item in value.items()
            }
        if (
            isinstance(value, list | tuple)
            and len(value) == 2
            and isinstance(value[0], str | bytes)
        ):
            name, item = value  # a header is often a pair
            return [self._text(_word(name)), self._field(name, item)]
        if isinstance(value, list | tuple | set | frozenset):
            return [self.masked(item) for item in value]
        return self._text(str(value))

    def _field(self, name: object, value: object) -> object:
        if value is not None and _word(name).lower().replace("_", "-") in _SECRET_NAMES:
            return MASK
        return self.masked(value)

    def _text(self, text: str) -> str:
        if text in self._whole:
            return MASK
        for secret in self._inside:
            text = text.replace(secret, MASK)
        return masked(printable(text))


def masked(text: str) -> str:
    """Return a text without what has the form of a secret, whatever it is."""
    if len(text) <= LEAST_SECRET_LENGTH:  # most values are short words: spare them the patterns
        return text
    if "sc_" in text or "whsec_" in text:
        text = _API_KEY.sub(rf"\1{MASK}", text)
    if "=" in text or "%3" in text:
        text = _SIGNED_QUERY.sub(rf"\1{MASK}", text)
    if "://" in text:
        text = _CREDENTIALS.sub(rf"\1{MASK}", text)
    if len(text.split(None, 1)) > 1:
        text = _BEARER.sub(rf"\1{MASK}", text)
    return _NAMED_SECRET.sub(rf"\1{MASK}", text)


def configure(
    level: str = "info",
    log_format: str = "auto",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send structlog and the standard library's loggers to `stream`, stderr if None.

    Called once by each main; a later call replaces an earlier one.
    """
    stream = stream or sys.stderr
    as_json = log_format == "json" or (log_format == "auto" and not _is_terminal(stream))
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            SecretsMasked(secrets),
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(colors=_is_terminal(stream)),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _word(name: object) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)


def _is_terminal(stream: TextIO) -> bool:
    if stream.isatty():
        return True
    # Dramatiq hands its worker a pipe for stderr and copies it to the real one
    return stream is sys.stderr and stream is not sys.__stderr__ and os.isatty(2)
