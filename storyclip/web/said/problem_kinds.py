"""The sorts of problems: one table from our errors to what HTTP calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from storyclip.domain import errors
from storyclip.web.said.headers import MAX_IDEMPOTENCY_KEY

MAX_BYTES = 2048  # of a whole problem: fits into any log line and one packet or two
MAX_BYTES_OF_CLIPS = 64 * 1024  # every clip of the biggest batch is named
RETRY_STORE_S = 5  # a locked or restarting database is usually back by then
RETRY_UPSTREAM_S = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem; `code` is for programs and stays, `title` is for people.

    One `of_files` is also told in the words of storyclip/domain/file_words.json.
    """

    status: int
    code: str
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = MAX_BYTES
    of_files: bool = False


NO_KEY = Kind(
    401,
    "unauthenticated",
    "A valid API key is needed",
    "Send your key as `X-Api-Key: …` or `Authorization: Bearer …`.",
    {"WWW-Authenticate": 'Bearer realm="storyclip"'},
)
# The same to programs; people are told what they tried
WRONG_PASSWORD = replace(
    NO_KEY,
    title="The password is not right",
    detail="That is no user with this password.",
)
LINK_OVER = replace(
    NO_KEY,
    title="The link is not good any more",
    detail="This link was used already, or is too old. Ask whoever sent it for another.",
)
TICKET_OVER = replace(
    NO_KEY,
    title="The ticket is not good any more",
    detail="The ticket is not good, or not any more.",
)
SESSION_OVER = replace(
    NO_KEY, title="The session is over", detail="The session is over: sign in again."
)
TOO_MANY_TRIES = Kind(
    429,
    "too_many_tries",
    "Too many wrong keys or passwords came from here",
    "Check it, and try it later.",
)
SCOPE_MISSING = Kind(403, "scope_missing", "The key may not do this", "Its scopes do not allow it.")
ACCOUNT_NOT_ALLOWED = Kind(
    403, "account_not_allowed", "The key may not use this account", "It is for others alone."
)
BAD_JSON = Kind(400, "json_invalid", "The body is not usable JSON", "Expected one JSON object.")
BAD_TYPE = Kind(
    415,
    "content_type_unsupported",
    "The body is not JSON",
    "Send `Content-Type: application/json`, in UTF-8 and not compressed.",
)
BAD_IDEMPOTENCY_KEY = Kind(
    400,
    "idempotency_key_invalid",
    "The Idempotency-Key is not valid",
    f"Expected 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters.",
)
NOT_READY = Kind(
    503, "not_ready", "Not ready", "Something is down.", {"Retry-After": str(RETRY_STORE_S)}
)
TOO_MANY_STREAMS = Kind(
    503,
    "too_many_streams",
    "Too many streams are open",
    "Close some, or ask for the status instead. Come again later.",
    {"Retry-After": "5"},
)
STOPPING = Kind(
    503, "stopping", "This process stops", "Come again in a moment.", {"Retry-After": "1"}
)
ORIGIN_REFUSED = Kind(
    403,
    "origin_refused",
    "Pages of this origin may not do this",
    "Those of STORYCLIP_CORS_ORIGINS may, with a key of their own.",
)
USER_EXISTS = Kind(
    409, "user_exists", "There is a user with this id", "Change that one, or choose another id."
)
OWN_RIGHTS = Kind(
    409, "own_rights", "Nobody does that to themselves", "Have another administrator do it."
)
TOO_FAST = Kind(429, "too_many_requests", "Too many requests", "Ask again later.")
TOO_MANY_AT_ONCE = Kind(
    429,
    "too_many_at_once",
    "Too many of your requests are under way",
    "Wait for their answers. Nothing was done.",
    {"Retry-After": "1"},
)
CURSOR_INVALID = Kind(400, "cursor_invalid", "The cursor is not one of this stream", "")
BROKEN = Kind(500, "internal", "Something went wrong here", "It is logged; ask again later.")
_UPSTREAM_FAILED = Kind(
    502,
    "upstream_failed",
    "Metricool's answer was of no use",
    "Nothing was changed. Ask again later.",
)
_MAY_BE_DONE = Kind(
    503,
    "store_unavailable",
    "The database cannot be used right now",
    "What was asked for may have been done: ask for the status before you ask again.",
    {"Retry-After": str(RETRY_STORE_S)},
)
_CONFLICT = Kind(409, "conflict", "Something else changed meanwhile", "Look again, then decide.")

KINDS: dict[type[errors.StoryClipError], Kind] = {
    errors.RequestInvalid: Kind(
        422, "request_invalid", "The request is not valid", "`errors` says where and why."
    ),
    errors.ClipsUnusable: Kind(
        422,
        "clips_unusable",
        "Clips of this batch cannot become stories",
        "Nothing was recorded, nothing was sent. `errors` says what is wrong with which clip.",
        max_bytes=MAX_BYTES_OF_CLIPS,
    ),
    errors.NotFound: Kind(404, "not_found", "Not found", "There is none, or it is not yours."),
    errors.Forbidden: SCOPE_MISSING,
    errors.UserDisabled: Kind(
        409, "user_disabled", "The user is disabled", "No link was made: enable the user first."
    ),
    errors.IdempotencyKeyReused: Kind(
        422,
        "idempotency_key_reused",
        "The Idempotency-Key was used for another request",
        "Use a new key for a new request, and the same body for the same one.",
    ),
    errors.IdempotencyKeyBusy: Kind(
        409,
        "idempotency_key_busy",
        "The first request with this Idempotency-Key is still running",
        "Ask again in a moment.",
        {"Retry-After": "1"},
    ),
    errors.ActionRefused: Kind(
        409, "action_refused", "That makes no sense for this batch as it is", ""
    ),
    errors.QuotaExceeded: Kind(409, "quota_exceeded", "Instagram takes no more for now", ""),
    errors.TooManyRunning: Kind(409, "too_many_running", "Too much of yours runs already", ""),
    errors.LostRace: _CONFLICT,
    errors.NotItsTurn: _CONFLICT,
    errors.StoreUnavailable: Kind(
        503,
        "store_unavailable",
        "The database cannot be used right now",
        "Nothing was recorded, nothing will be sent. Ask again later.",
        {"Retry-After": str(RETRY_STORE_S)},
    ),
    errors.CommitUnanswered: _MAY_BE_DONE,
    errors.MayBeDone: _MAY_BE_DONE,
    errors.UpstreamDenied: Kind(
        502,
        "upstream_denied",
        "Metricool refuses our credentials",
        "Check METRICOOL_USER_TOKEN and METRICOOL_USER_ID where StoryClip is started.",
    ),
    errors.UpstreamBusy: Kind(
        503,
        "upstream_busy",
        "Metricool asks to wait",
        "Nothing was changed. Ask again later.",
        {"Retry-After": str(RETRY_UPSTREAM_S)},
    ),
    errors.OverBudget: Kind(
        503,
        "upstream_budget",
        "StoryClip asks no more of Metricool for now",
        "Publishing goes first. Metricool was not asked, nothing was changed. Ask again later.",
        {"Retry-After": "1"},
    ),
    errors.UpstreamUnreachable: Kind(
        503,
        "upstream_unreachable",
        "Metricool cannot be reached",
        "Nothing was changed. Ask again later.",
        {"Retry-After": str(RETRY_UPSTREAM_S)},
    ),
    errors.UpstreamError: _UPSTREAM_FAILED,
}
