"""The parts of a running sandbox."""

from dataclasses import dataclass

from storyclip.sandbox.brands import make_brands
from storyclip.sandbox.bucket import Bucket
from storyclip.sandbox.calls import CallLog
from storyclip.sandbox.clock import Clock
from storyclip.sandbox.faults import Faults
from storyclip.sandbox.ledger import AnyLedger
from storyclip.sandbox.publishing import Rules
from storyclip.sandbox.world import World

TOKEN = "sandbox-token"  # noqa: S105 - nobody's
USER_ID = 1


@dataclass(frozen=True, slots=True)
class Sandbox:
    clock: Clock
    faults: Faults
    ledger: AnyLedger
    world: World
    calls: CallLog
    bucket: Bucket
    tokens: set[str]  # good ones: one, or two while it is exchanged
    user_id: int

    def catch_up(self) -> int:
        """Let everything happen that is due, and return the sandbox's time in ms."""
        now_ms = self.clock.now_ms()
        self.world.agenda.run_until(now_ms)
        return now_ms


def build(
    clock: Clock,
    ledger: AnyLedger,
    rules: Rules,
    *,
    faults: Faults | None = None,
    calls: CallLog | None = None,
    brands: int | None = None,
    token: str = TOKEN,
    user_id: int = USER_ID,
) -> Sandbox:
    """A sandbox with the posts that its ledger tells of; `brands` as in `make_brands`."""
    faults = Faults() if faults is None else faults
    clock.not_before(ledger.last_time_ms)
    named = {str(brand.id): brand for brand in make_brands(user_id, brands)}
    world = World(rules, named, faults, ledger)
    bucket = Bucket(user_id, token)
    return Sandbox(clock, faults, ledger, world, calls or CallLog(), bucket, {token}, user_id)
