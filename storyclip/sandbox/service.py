"""The parts of a running sandbox, and one call to it."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from storyclip.sandbox.calls import CallLog, CallRecord
from storyclip.sandbox.clock import Clock
from storyclip.sandbox.faults import Faults, Subject
from storyclip.sandbox.ledger import Ledger
from storyclip.sandbox.refusals import Refused, forbidden, invalid
from storyclip.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Sandbox:
    clock: Clock
    faults: Faults
    ledger: Ledger
    world: World
    calls: CallLog
    token: str
    user_id: int

    def catch_up(self) -> int:
        """Let everything happen that is due, and return the sandbox's time in ms."""
        now_ms = self.clock.now_ms()
        self.world.agenda.run_until(now_ms)
        return now_ms


@dataclass(slots=True)
class Call:
    request: web.BaseRequest
    name: str  # one of faults.CALLS
    last: str  # the path's last segment: a post's id, or a network
    body: bytes
    record: CallRecord
    subject: Subject
    json: dict[str, Any] | None = None  # read already, for POST posts

    def query(self, parameter: str) -> str | None:
        return self.request.query.get(parameter)

    def needed(self, parameter: str) -> str:
        """Raises: Refused 400 when the query lacks it."""
        value = self.request.query.get(parameter)
        if not value:
            raise invalid({f"{self.name}.{parameter}": "must not be null"})
        return value

    @property
    def account(self) -> str:
        return self.needed("blogId")

    @property
    def post_id(self) -> int:
        if not (self.last.isascii() and self.last.isdigit()):
            raise invalid({f"{self.name}.id": f"{self.last!r} is not an int32"})
        return int(self.last)


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
