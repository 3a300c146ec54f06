"""The faults that are switched on, and which call each of them hits."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from storyclip.sandbox.fault_names import (
    CALLS,
    MEANS_ANY,
    MEANS_CREATE,
    NAMES,
    NEED_MOST,
    NEED_SECONDS,
    ONCE_UNLESS_TOLD,
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
    """One fault: what, for whom, and how often. Without `times` it stays until it is cleared."""

    fault: str
    account: str | None = None
    network: str | None = None
    source: str | None = None
    call: str | None = None
    times: int | None = None
    skip: int = 0
    seconds: float | None = None
    most: int | None = None
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
        call = self.call or ("create" if self.fault in MEANS_CREATE else "any")
        if call not in ("any", subject.call):
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
        self._by_name: dict[str, list[Fault]] = {}

    def add(self, spec: Mapping[str, Any]) -> None:
        """Switch one on.

        Raises:
            ValueError: unknown name or key, one missing that it needs, or a value of a wrong type.
        """
        fault = _fault_from(spec)
        self._switched_on.append(fault)
        self._by_name.setdefault(fault.fault, []).append(fault)

    def clear(self, name: str | None = None) -> None:
        """Switch all off, or those of one name."""
        for cleared in list(self._by_name) if name is None else [name]:
            self._by_name.pop(cleared, None)
        self._switched_on = [one for one in self._switched_on if one.fault in self._by_name]

    def take(
        self, name: str, subject: Subject, when: Callable[[Fault], bool] | None = None
    ) -> Fault | None:
        """The fault that hits this call, which is counted, provided that `when` is true of it."""
        for fault in self._by_name.get(name, ()):
            if (when is None or when(fault)) and fault.hits(subject):
                return fault
        return None

    def any(self, name: str) -> bool:
        """Whether one of this name is on at all, for those to whom a subject is dear."""
        return name in self._by_name

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
    if name in NEED_MOST and fault.most is None:
        raise ValueError(f"{name} needs most")
    if name in ONCE_UNLESS_TOLD and fault.times is None:
        fault.times = 1
    aimable = MEANS_CREATE | MEANS_ANY
    if fault.call is not None and (name not in aimable or fault.call not in CALLS):
        names = ", ".join(sorted(aimable))
        raise ValueError(f"call goes with {names} and is one of {', '.join(CALLS)}")
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
    "most": (int,),
    "words": (str,),
    "status": (int,),
}
