"""Who may call, and about which brand."""

from storyclip.sandbox.faults import Fault
from storyclip.sandbox.refusals import Refused, forbidden
from storyclip.sandbox.request import Call
from storyclip.sandbox.service import Sandbox

WORK_WITHOUT_BRAND = frozenset(("profiles", "brands", "normalize", ""))  # metricool.md §1.1


def admit(sandbox: Sandbox, call: Call, now_ms: int) -> None:
    """Check who calls, and whether this user may ask about this brand.

    Raises:
        Refused: 401 for the token, 403 for plan, user or brand, 429 for too many calls.
    """
    take = sandbox.faults.take
    token = call.request.headers.get("X-Mc-Auth") or call.query("userToken")
    if token not in sandbox.tokens or take("token_revoked", call.subject):
        raise Refused(401, "Unauthorized", "Invalid or expired token")
    if take("plan_off", call.subject):
        raise forbidden("Your plan does not include API access")
    user, brand = call.query("userId"), call.query("blogId")
    unnamed = (user is None or brand is None) and call.name not in WORK_WITHOUT_BRAND
    if unnamed and take("unnamed_brand_401", call.subject):
        raise Refused(401, "Unauthorized", "Invalid or expired token")
    if user is not None and user != str(sandbox.user_id):
        raise forbidden(f"User {user} does not belong to this token")
    if brand is not None and brand not in sandbox.world.brands:
        raise forbidden(f"User {sandbox.user_id} has no access to blog: {brand}")
    _keep_pace(sandbox, call, now_ms)


def _keep_pace(sandbox: Sandbox, call: Call, now_ms: int) -> None:
    """One token, however many brands and clients share it. Source: metricool.md §7.3b."""
    take, calls = sandbox.faults.take, sandbox.calls
    if fault := take("busy_429", call.subject):
        raise _too_many(fault, fault.seconds)
    before_ms = calls.let_in_ms
    if before_ms is not None and (
        fault := take("too_fast", call.subject, lambda one: now_ms - before_ms < one.delay_ms)
    ):
        raise _too_many(fault, None)
    if fault := take(
        "too_many_at_once", call.subject, lambda one: calls.under_way > (one.most or 0)
    ):
        raise _too_many(fault, None)
    calls.let_in_ms = now_ms


def _too_many(fault: Fault, retry_after_s: float | None) -> Refused:
    refusal = Refused(429, "TooManyRequests", fault.words or "Too many requests")
    refusal.retry_after_s = retry_after_s
    return refusal
