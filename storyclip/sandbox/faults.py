"""Everything that can be made to go wrong, by name, and which call it hits."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# Bound to one POST posts (or, with "call", to any other route), in the order they are looked at.
BEFORE_CREATE = {
    "drop_before_create": "cut the connection, create nothing",
    "delay_before_create": "handle the call `seconds` of the sandbox's clock later, client or not",
    "busy_429": "429; Retry-After when `seconds` is given; create nothing",
    "status_before_create": "answer `status` (502), create nothing; 4xx with the error envelope",
    "refuse": "400 envelope with `words`",
}
AFTER_CREATE = {
    "create_then_drop": "create, then cut the connection",
    "create_then_status": "create, then answer `status` (502) with HTML",
    "create_then_html_200": "create, then answer 200 with HTML",
    "create_then_empty_200": "create, then answer 200 with nothing",
    "create_then_truncated": "create, then cut the connection in the middle of the answer",
    "create_without_id": "create, answer without the id",
    "delay_answer": "create at once, answer `seconds` of real time later",
    "slow_drip_answer": "create at once, let the answer trickle over `seconds` of real time",
}
# Decided when a post is created, per network.
FATES = {
    "list_lags": "lists show the post only `seconds` after its creation",
    "get_404_after_create": "the post is 404 until `seconds` after its creation",
    "publishing_for_long": "PUBLISHING `seconds` longer",
    "never_publishes": "stays PENDING",
    "awaiting_confirmation": "ends AWAITING_CONFIRMATION",
    "unknown_status": "ends in the status `words` (IN_REVIEW)",
    "network_error": "ends ERROR with `words`",
    "date_moved": "silently planned `seconds` later than the answer says",
    "media_dropped": "the post is created without its media",
}
OTHER_CALLS = {
    "token_revoked": "401 on everything",
    "plan_off": "403 on everything",
    "list_fails": "lists answer `status`, or cut the connection without one",
    "get_fails": "GET of one post answers `status`, or cuts the connection without one",
    "normalize_fails": "normalize answers `status`, or cuts the connection without one",
    "normalize_slow": "normalize answers `seconds` of real time later",
    "normalize_echo": "normalize gives the same URL back",
    "normalize_quoted": "normalize puts its URL in double quotes",
    "brands_fail": "both brand lists answer `status`, or cut the connection without one",
    "best_times_flat": "every hour of the heat map is 0, as without history",
    "best_times_empty": "the heat map is []",
}
NAMES = BEFORE_CREATE | AFTER_CREATE | FATES | OTHER_CALLS
NEED_SECONDS = frozenset(
    {
        "delay_before_create",
        "delay_answer",
        "slow_drip_answer",
        "list_lags",
        "get_404_after_create",
        "publishing_for_long",
        "date_moved",
        "normalize_slow",
    }
)
# These make sense on every route; "call" says which, "create" unless told.
ANY_ROUTE = frozenset({"busy_429", "delay_answer", "slow_drip_answer"})
CALLS = (
    "create",
    "list",
    "get",
    "replace",
    "move",
    "delete",
    "deleted",
    "restore",
    "normalize",
    "profiles",
    "brands",
    "best_times",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about, as far as faults can tell calls apart."""

    account: str | None = None
    networks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # original URLs and media URLs of its clips
    call: str = "create"


@dataclass(slots=True)
class Fault:
    fault: str
    account: str | None = None
    network: str | None = None
    source: str | None = None
    call: str | None = None
    times: int | None = None
    skip: int = 0
    seconds: float | None = None
    words: str | None = None
    status: int | None = None
    seen: int = field(default=0, init=False)  # matching calls so far
    used: int = field(default=0, init=False)  # of those, the ones it hit

    def hits(self, subject: Subject) -> bool:
        """Whether this call is one of those meant; counts it."""
        if not self._matches(subject):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True

    def _matches(self, subject: Subject) -> bool:
        if self.fault in ANY_ROUTE and subject.call != (self.call or "create"):
            return False
        if self.account is not None and self.account != subject.account:
            return False
        if self.network is not None and self.network not in subject.networks:
            return False
        return self.source is None or any(self.source in url for url in subject.sources)

    @property
    def delay_ms(self) -> int:
        return round((self.seconds or 0) * 1000)


class Faults:
    """The faults switched on, oldest first; the first that matches a call hits it."""

    def __init__(self) -> None:
        self._switched_on: list[Fault] = []

    def add(self, spec: Mapping[str, Any]) -> None:
        """Switch one on.

        Raises:
            ValueError: unknown name or key, `seconds` missing, or a value of the wrong type.
        """
        self._switched_on.append(_fault_from(spec))

    def clear(self) -> None:
        self._switched_on.clear()

    def take(self, name: str, subject: Subject) -> Fault | None:
        for fault in self._switched_on:
            if fault.fault == name and fault.hits(subject):
                return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._switched_on]


def _fault_from(spec: Mapping[str, Any]) -> Fault:
    if not isinstance(spec, Mapping):
        raise ValueError(f"{spec!r} is no JSON object")
    name = spec.get("fault")
    if name not in NAMES:
        raise ValueError(f"unknown fault {name!r}; there are: {', '.join(NAMES)}")
    for key, value in spec.items():
        if key not in _KINDS:
            raise ValueError(f"{name}: unknown key {key!r}; there are: {', '.join(_KINDS)}")
        if value is not None and (isinstance(value, bool) or not isinstance(value, _KINDS[key])):
            raise ValueError(f"{name}: {key} = {value!r} is of the wrong type")
    fault = Fault(**spec)
    fault.account = None if fault.account is None else str(fault.account)
    if name in NEED_SECONDS and fault.seconds is None:
        raise ValueError(f"{name} needs seconds")
    if fault.call is not None and (name not in ANY_ROUTE or fault.call not in CALLS):
        raise ValueError(f"call goes with {', '.join(ANY_ROUTE)} and is one of {', '.join(CALLS)}")
    return fault


_KINDS: dict[str, tuple[type, ...]] = {
    "fault": (str,),
    "account": (str, int),
    "network": (str,),
    "source": (str,),
    "call": (str,),
    "times": (int,),
    "skip": (int,),
    "seconds": (int, float),
    "words": (str,),
    "status": (int,),
}
