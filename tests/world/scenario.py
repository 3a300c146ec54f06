"""What a world is set up with: batches, settings and habits of its Metricool, all from the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.world.choices import Choices

LOOKED_AT_FOR_S = 120  # past its date, by default
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
PIECES = {"fits": 1, "long": 1, "phone": 1, "two": 2, "three": 3, "broken": 0}  # of a sort of film
FILM_SORTS = ("fits", "fits", "fits", "long", "phone", "phone", "two", "three", "broken")
LANES = (("2000001", "facebook"), ("2000001", "instagram"), ("2000002", "facebook"))


@dataclass(frozen=True)
class BatchPlan:
    """One batch that a user asks for; `first_in_s` is how far ahead its first date lies."""

    name: str
    lane: int
    at_s: float
    clips: int
    mode: str = "now"
    on_failure: str = "continue"
    gap_s: float = 0.0
    first_in_s: float = 0.0
    interval_min: int = 1
    has_key: bool = False
    same_file: bool = False  # every clip of it has the same source
    films: Sequence[str] = ()  # what its user brings, by their sorts, in place of addresses


@dataclass(frozen=True)
class Scenario:
    """Everything of a world that is not a disturbance."""

    seed: int
    profile: str
    workers: int
    batches: tuple[BatchPlan, ...]
    faults_end_s: float
    quota_24h: int = 50
    metricool_ahead_s: float = 0.0
    hosts_ahead_s: tuple[float, ...] = ()  # none: all on one, and the database is a file there
    has_date_header: bool = True
    list_lag_s: float = 0.0
    list_page: int = 0  # how many posts a list shows; 0 is all
    dates_deletions: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_films(self) -> bool:
        """Return whether anybody brings films."""
        return any(batch.films for batch in self.batches)

    @property
    def clips(self) -> int:
        """Return how many clips are asked for."""
        return sum(batch.clips for batch in self.batches)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept in a story."""
        return asdict(self)


def from_json(said: Mapping[str, Any]) -> Scenario:
    """Return the scenario that a story keeps."""
    batches = tuple(BatchPlan(**batch) for batch in said["batches"])
    hosts = tuple(said.get("hosts_ahead_s", ()))
    return Scenario(**{**said, "batches": batches, "hosts_ahead_s": hosts})


def scenario_of(seed: int, profile: str | None = None) -> Scenario:
    """Make up the scenario of a seed; its profile, too, unless one is wanted."""
    choose = Choices(seed)
    name = profile or choose.pick("profile", tuple(PROFILES))
    many = choose.whole("batches", 1, 3) if choose.draw("many batches") < 0.5 else 1
    lanes = 1 if choose.draw("one lane") < PROFILES[name].get("one lane", 0.6) else 2
    batches = tuple(_batch(choose, f"b{n}", name, lanes) for n in range(1, many + 1))
    last_s = max(_last_s(batch) for batch in batches)
    odd = PROFILES[name].get("habits", 0.0)
    clocks = PROFILES[name].get("clocks", 0.0)
    lags = PROFILES[name].get("lists lag", 0.0)
    return Scenario(
        seed=seed,
        profile=name,
        workers=choose.pick("workers", (1, 2, 2, 3)),
        batches=batches,
        faults_end_s=last_s + choose.between("faults end", 60, 15 * MINUTE_S),
        quota_24h=choose.pick("quota", (2, 3, 5)) if choose.draw("small quota") < odd else 50,
        metricool_ahead_s=(
            choose.between("ahead", -600, 600) if choose.draw("other clock") < odd + clocks else 0.0
        ),
        hosts_ahead_s=_hosts(choose, name),
        has_date_header=choose.draw("date header") >= odd / 2,
        list_lag_s=choose.between("lag", 1, 60) if choose.draw("lists lag") < odd + lags else 0.0,
        list_page=choose.whole("page", 1, 4) if choose.draw("pages") < odd / 2 else 0,
        dates_deletions=choose.draw("deletions dated") >= odd,
        settings=_looks_every(choose.pick("looks", (2, 5, 5, 10))),
    )


def _hosts(choose: Choices, profile: str) -> tuple[float, ...]:
    """Return how far the clocks of two hosts are ahead: up to ten minutes apart, or an hour."""
    drawn = choose.draw("hosts")
    if drawn < PROFILES[profile].get("servers", 0.0):
        return (0.0, 0.0)
    if drawn >= PROFILES[profile].get("clocks", 0.0):
        return ()
    most_s = 3600 if choose.draw("hosts by hours") < 0.2 else 300
    return tuple(choose.between(f"host {n}", -most_s, most_s) for n in (1, 2))


def _looks_every(interval_s: int) -> dict[str, str]:
    """Return the settings: how often a post is looked at, and for 40 minutes once it is late."""
    return {
        "STORYCLIP_CONFIRM_INTERVAL_S": str(interval_s),
        "STORYCLIP_CONFIRM_ATTEMPTS": str(LOOKED_AT_FOR_S // interval_s),
        "STORYCLIP_LATE_WATCH_S": "2400",
    }


def _batch(choose: Choices, name: str, profile: str, lanes: int) -> BatchPlan:
    def of(what: str) -> str:
        return f"{name} {what}"

    dated = choose.draw(of("dated")) < PROFILES[profile].get("dated", 0.4)
    plan = BatchPlan(
        name=name,
        lane=choose.whole(of("lane"), 0, lanes - 1),
        at_s=0.0 if name == "b1" else choose.between(of("at"), 0, 3 * MINUTE_S),
        clips=choose.pick(of("clips"), (1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 8)),
        on_failure="pause" if choose.draw(of("on failure")) < 0.3 else "continue",
        gap_s=choose.pick(of("gap"), (0, 0, 2, 5)),
        has_key=choose.draw(of("key")) < 0.5,
        same_file=choose.draw(of("same file")) < 0.05,
    )
    if choose.draw(of("films")) < PROFILES[profile].get("films", 0.0):
        plan = _of_films(choose, plan)
    if not dated:
        return plan
    far = choose.draw(of("far"))
    soon_s = choose.between(of("soon"), 3 * MINUTE_S, 20 * MINUTE_S)
    hours_s = choose.between(of("hours"), HOUR_S, 8 * HOUR_S)
    days_s = choose.between(of("days"), DAY_S, 1.5 * DAY_S)
    return replace(
        plan,
        mode="bestTime" if choose.draw(of("best time")) < 0.2 else "scheduled",
        first_in_s=soon_s if far < 0.7 else hours_s if far < 0.97 else days_s,
        interval_min=choose.pick(of("interval"), (1, 1, 2, 3, 5, 10)),
    )


def _of_films(choose: Choices, plan: BatchPlan) -> BatchPlan:
    """Return the plan with films of several sorts in place of addresses."""
    many = choose.whole(f"{plan.name} films", 1, 3)
    sorts = tuple(choose.pick(f"{plan.name} film {n}", FILM_SORTS) for n in range(1, many + 1))
    return replace(plan, films=sorts, clips=sum(map(PIECES.__getitem__, sorts)))


def _last_s(batch: BatchPlan) -> float:
    if batch.mode == "now":
        return batch.at_s + 3 * MINUTE_S * batch.clips
    spread = 3 if batch.mode == "bestTime" else 1
    return batch.at_s + batch.first_in_s + spread * MINUTE_S * batch.interval_min * batch.clips


# How often what happens, a chance each time; what is not named does not happen at all.
CALM: Mapping[str, float] = {"dated": 0.5}
KILLS = {
    "kill": 0.03,
    "freeze": 0.01,
    "dawdle": 0.04,
    "jump": 0.002,
    "bell": 0.02,
    "store down": 0.002,
    "wrong boot": 0.004,
}
LINES = {
    "unreachable": 0.02,
    "request lost": 0.015,
    "handled late": 0.02,
    "answer lost": 0.04,
    "status after": 0.02,
    "status before": 0.01,
    "busy": 0.015,
    "garbled": 0.01,
    "account refused": 0.004,
}
FATES = {
    "error": 0.06,
    "refused": 0.03,
    "open error": 0.03,
    "open error but live": 0.03,
    "awaiting": 0.02,
    "long": 0.05,
    "odd status": 0.02,
}
HABITS = {
    "habits": 0.15,
    "echo": 0.05,
    "same copy": 0.03,
    "rehost": 0.05,
    "rehost the echoed": 0.7,
    "other in lists": 0.03,
    "negative uuid": 0.1,
    "id again": 0.1,
    "late to be found": 0.05,
    "date moved": 0.03,
    "media dropped": 0.02,
    "delete 204": 0.05,
    "delete too late": 0.3,
    "odd gone": 0.05,
    "single 404": 0.01,
    "list lacks": 0.01,
}
PEOPLE = {"person": 0.35, "stranger": 0.3}
WISHES = {"wish": 0.5, "wish at": 0.02, "follow": 0.7, "retry": 0.6, "repeat": 0.2, "look": 0.1}
SLOW = {"long": 0.15, "awaiting": 0.05, "odd status": 0.05}
FAILS = {"error": 0.08, "refused": 0.06}
LATE = {"handled late": 0.1, "answer lost": 0.05, "request lost": 0.05, "status before": 0.03}


def _part(*kinds: Mapping[str, float], by: float) -> dict[str, float]:
    return {kind: chance * by for each in kinds for kind, chance in each.items()}


PROFILES: Mapping[str, Mapping[str, float]] = {
    "calm": CALM,
    "kills": {**KILLS, "dated": 0.4},
    "lost answers": {**LINES, "dawdle": 0.03, "dated": 0.4},
    "people": {**PEOPLE, "dated": 0.6, "answer lost": 0.01},
    "people and wishes": {**PEOPLE, **WISHES, **SLOW, "dated": 0.5, "single 404": 0.01},
    "wishes": {**WISHES, **FAILS, "dated": 0.2, "dawdle": 0.04},
    "dates and wishes": {**WISHES, **FAILS, "dated": 1.0, "dawdle": 0.04, "busy": 0.02},
    "late calls and wishes": {**WISHES, **LATE, "dated": 0.8, "dawdle": 0.03, "single 404": 0.02},
    "habits": {**HABITS, **FATES, "habits": 0.3, "answer lost": 0.06, "dated": 0.4},
    "echo": {
        "echo": 0.4,
        "same copy": 0.2,
        "rehost the echoed": 0.7,
        "answer lost": 0.1,
        "request lost": 0.1,
    },
    "people and retries": {
        **PEOPLE,
        **WISHES,
        **FAILS,
        "person": 0.1,
        "afterwards": 0.4,
        "request lost": 0.05,
        "answer lost": 0.05,
        "dated": 0.4,
    },
    "slow and odd": {"freeze": 0.03, "echo": 0.1, "rehost": 0.3, "other in lists": 0.2},
    "slow and wishes": {**WISHES, "wish": 0.8, "freeze": 0.06, "dated": 0.4},
    "shapes": {
        **WISHES,
        "habits": 0.8,
        "delete too late": 0.3,
        "late to be found": 0.05,
        "date moved": 0.03,
        "answer lost": 0.1,
        "request lost": 0.05,
        "long": 0.05,
        "dated": 0.6,
    },
    "settings": {
        **WISHES,
        **FAILS,
        **SLOW,
        "settings": 0.7,
        "kill": 0.03,
        "freeze": 0.005,
        "dawdle": 0.03,
        "answer lost": 0.04,
        "handled late": 0.03,
        "busy": 0.02,
        "dated": 0.5,
    },
    "rights": {
        **WISHES,
        **FAILS,
        "wish": 0.2,
        "revoke": 0.05,
        "kill": 0.01,
        "freeze": 0.005,
        "dawdle": 0.03,
        "answer lost": 0.04,
        "request lost": 0.02,
        "handled late": 0.03,
        "dated": 0.6,
    },
    "clocks": {
        "clocks": 0.5,
        "jump": 0.004,
        "set for good": 0.004,
        "wrong boot": 0.004,
        "kill": 0.01,
        "busy": 0.03,
        "answer lost": 0.03,
        "dated": 0.4,
    },
    "restored": {
        **_part(LINES, by=0.5),
        **WISHES,
        **FAILS,
        "wish": 0.2,
        "error": 0.02,
        "refused": 0.02,
        "restore": 0.006,
        "copy": 0.002,
        "lists lag": 0.3,
        "kill": 0.01,
        "freeze": 0.003,
        "dawdle": 0.02,
        "store down": 0.001,
        "stranger": 0.3,
        "long": 0.05,
        "dated": 0.5,
    },
    "neighbours": {
        **WISHES,
        "wish": 0.2,
        "hold": 0.01,
        "store down": 0.003,
        "servers": 0.7,
        "one lane": 0.2,
        "kill": 0.005,
        "freeze": 0.003,
        "dawdle": 0.02,
        "answer lost": 0.02,
        "dated": 0.4,
    },
    "films": {
        **_part(KILLS, LINES, by=0.4),
        **WISHES,
        "films": 0.8,
        "wish": 0.3,
        "dated": 0.3,
        "error": 0.02,
        "refused": 0.02,
        "part cut": 0.05,
        "part unheard": 0.05,
        "part unreachable": 0.02,
        "part refused": 0.02,
        "part busy": 0.02,
        "bare etag": 0.2,
        "no uploads": 0.02,
        "upload expires": 0.05,
        "complete without url": 0.03,
        "tool killed": 0.02,
        "disk full": 0.02,
        "film cut": 0.1,
        "film removed": 0.2,
        "disk lost": 0.0005,
        "restore": 0.001,
        "lists lag": 0.2,
    },
    "everything": {
        **_part(KILLS, LINES, FATES, HABITS, by=0.5),
        **WISHES,
        **PEOPLE,
        "person": 0.15,
        "afterwards": 0.1,
        "hold": 0.001,
        "dated": 0.5,
    },
}
