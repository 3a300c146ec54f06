"""Who may call, and about which brand."""

from storyclip.sandbox.refusals import Refused, forbidden
from storyclip.sandbox.request import Call
from storyclip.sandbox.service import Sandbox


def admit(sandbox: Sandbox, call: Call) -> None:
    """Check who calls, and whether this user may ask about this brand.

    Raises:
        Refused: 401 for the token, 403 for plan, user or brand, 429 when that fault is on.
    """
    take = sandbox.faults.take
    token = call.request.headers.get("X-Mc-Auth") or call.query("userToken")
    if token != sandbox.token or take("token_revoked", call.subject):
        raise Refused(401, "Unauthorized", "Invalid or expired token")
    if take("plan_off", call.subject):
        raise forbidden("Your plan does not include API access")
    user, brand = call.query("userId"), call.query("blogId")
    if user is not None and user != str(sandbox.user_id):
        raise forbidden(f"User {user} does not belong to this token")
    if brand is not None and brand not in sandbox.world.brands:
        raise forbidden(f"User {sandbox.user_id} has no access to blog: {brand}")
    if fault := take("busy_429", call.subject):
        refusal = Refused(429, "TooManyRequests", fault.words or "Too many requests")
        refusal.retry_after_s = fault.seconds
        raise refusal
