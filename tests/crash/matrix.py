"""Where the kills of `make test` are: every crash point on a middle clip, and where it differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from storyclip.domain.clip import State
from storyclip.domain.crashpoint import POINTS
from tests.crash.scenario import (
    BEST_TIME,
    FAR,
    FIRST,
    LAST,
    MIDDLE,
    NOW,
    POSITIONS,
    SCHEDULED,
    WEB_POINTS,
    Act,
    Scenario,
    on_clip,
)

ON_THE_WAY = (
    "bell_heard",
    "media_prepared",
    "claimed",
    "request_sent",
    "answered",
    "shown",
    "accepted",
    "unanswered",
    "found",
    "absent",
    "postponed",
    "seen_live",
)
BEGINNING = ("media_prepared", "claimed", "intended", "noted")  # no file was copied ahead
ENDING = (
    "seen_live",
    "refused",
    "seen_failed",
    "timed_out",
    "missed",
    "forbidden",
    "withdrawn",
    "recalled",
)
UPSTREAM = State.WAITING_CONFIRMATION
CANCEL = Act("cancel", UPSTREAM)


def matrix() -> Iterator[Scenario]:
    """Yield all scenarios of `make test`, the longest first, every other one on Instagram."""
    for place, scenario in enumerate((*with_hands(), *_points(), *with_dates())):
        yield on_instagram(scenario) if place % 2 else scenario


def every_point() -> Iterator[Scenario]:
    """Yield each registered point on each position; one that nobody thought of is a KeyError."""
    for point in POINTS:
        for clip in POSITIONS:
            yield at(point, clip)


def with_dates() -> Iterator[Scenario]:
    """Yield the kills on the way of a middle clip with a date of its own."""
    for place, point in enumerate(ON_THE_WAY):
        mode = BEST_TIME if place % 3 == 2 else SCHEDULED
        yield replace(at(point, MIDDLE), mode=mode)


def with_hands() -> Iterator[Scenario]:
    """Yield kills while the user stops a batch, lets it go on, and asks for clips again."""
    pause, resume = Act("pause", UPSTREAM, MIDDLE), Act("resume")
    all_there = Act("pause", UPSTREAM)
    yield Scenario("accepted", MIDDLE, nth=2, acts=(pause, resume))
    yield Scenario("wish_written", MIDDLE, acts=(pause, resume))
    for point, nth in (("taking_back", 2), ("deleted", 2), ("recalled", 1)):
        yield Scenario(point, MIDDLE, nth=nth, mode=SCHEDULED, acts=(all_there, resume))
    yield replace(far("intended", MIDDLE), nth=2)
    yield replace(far("answered", LAST), nth=3, mode=BEST_TIME)
    yield replace(far("absent", MIDDLE), faults=on_clip(MIDDLE, "drop_before_create"))
    on_and_off = (all_there, resume, CANCEL)
    yield replace(far("deleted", MIDDLE), nth=2, acts=on_and_off, mode=BEST_TIME)
    yield paused_by_itself("seen_failed", MIDDLE)
    yield replace(paused_by_itself("seen_failed", FIRST), mode=SCHEDULED)
    yield asked_again("seen_failed", MIDDLE)
    yield replace(never_seen("timed_out", MIDDLE), ends_as=None)
    yield Scenario("seen_live", LAST, nth=3, beside=NOW)
    yield Scenario("answered", MIDDLE, nth=3, mode=SCHEDULED, beside=NOW)


def far(point: str, clip: int) -> Scenario:
    """Return a kill of a batch whose dates are hours ahead, cancelled once Metricool has it all."""
    return Scenario(point, clip, mode=SCHEDULED, dates=FAR, acts=(CANCEL,))


def paused_by_itself(point: str, clip: int) -> Scenario:
    """Return a kill while a failed clip pauses its batch, is asked for again, and all goes on."""
    acts = (Act("pause", State.FAILED, clip), _again(clip), Act("resume"))
    faults = on_clip(clip, "network_error", words="no such codec")
    return Scenario(point, clip, pauses=True, faults=faults, acts=acts)


def asked_again(point: str, clip: int) -> Scenario:
    """Return a kill while a failed clip is asked for again, when the first look does not work."""
    again = replace(_again(clip), fault={"fault": "list_fails", "times": 1, "status": 500})
    faults = on_clip(clip, "network_error", words="no such codec")
    return Scenario(point, clip, faults=faults, acts=(again,))


def never_seen(point: str, clip: int) -> Scenario:
    """Return a kill around a lost send that nothing proves; a person says that it is not there.

    What gets lost after that word, by another kill, is left to a person again.
    """
    lost = (*on_clip(clip, "normalize_echo"), *on_clip(clip, "drop_before_create"))
    again = _again(clip)
    acts = (again, replace(again, query={**again.query, "confirmAbsent": "true"}))
    return Scenario(point, clip, faults=lost, acts=acts, ends_as="unconfirmed")


def _again(clip: int) -> Act:
    return Act("retry-failed", State.FAILED, clip, query={"confirmOrder": "true"})


def on_instagram(scenario: Scenario) -> Scenario:
    """Return the same on Instagram, which counts what goes out in a day."""
    return replace(scenario, network="instagram")


def at(point: str, clip: int) -> Scenario:
    """Return the plainest way to be killed at a point, on that clip as near as can be."""
    plain = Scenario(point, clip, nth=clip)
    once = replace(plain, nth=1)
    # Time for what happens before a story's date, at least once each
    unhurried = replace(plain, environ={"STORYCLIP_LEAD_S": "2"})
    cancelled = replace(once, acts=(Act("cancel", UPSTREAM, clip),))
    if point in WEB_POINTS:
        return cancelled if point == "wish_written" else once
    return {
        "bell_heard": lambda: plain,
        "decided": lambda: replace(unhurried, nth=4 * clip + 1),
        "request_sent": lambda: plain,
        "media_stored": lambda: replace(unhurried, nth=max(clip - 1, 1)),  # the first has no ahead
        "media_prepared": lambda: plain,
        "answered": lambda: plain,
        "shown": lambda: replace(unhurried, nth=2 * clip),
        # The month's count is a look as well
        "looked": lambda: replace(plain, nth=2, faults=on_clip(clip, "create_then_drop")),
        "looked_among_deleted": lambda: (
            cancelled if clip == LAST else replace(once, faults=on_clip(clip, "drop_before_create"))
        ),
        "deleted": lambda: cancelled,
        # In mode now only the month's count is news; of clips with dates each first look is
        "noted": lambda: (
            replace(unhurried, nth=1)
            if clip == 1
            else replace(unhurried, mode="scheduled", nth=clip + 1)
        ),
        "claimed": lambda: plain,
        "intended": lambda: (
            plain
            if clip == 1
            else replace(plain, nth=2, faults=on_clip(clip, "normalize_fails", status=502))
        ),
        "accepted": lambda: plain,
        "refused": lambda: replace(
            once, faults=on_clip(clip, "refuse", words="no such codec"), ends_as="refused"
        ),
        "postponed": lambda: replace(once, faults=on_clip(clip, "busy_429", seconds=1)),
        "held_up": lambda: asked_again(point, clip),
        "unanswered": lambda: replace(once, faults=on_clip(clip, "create_then_status", status=500)),
        "found": lambda: replace(once, faults=on_clip(clip, "create_then_html_200")),
        "absent": lambda: replace(once, faults=on_clip(clip, "drop_before_create")),
        "given_up": lambda: replace(
            once,
            faults=on_clip(clip, "drop_before_create"),
            ends_as="not_created",
            environ={"STORYCLIP_MAX_ATTEMPTS": "1"},
        ),
        "moved": lambda: replace(once, faults=on_clip(clip, "date_moved", seconds=1)),
        # Only what Metricool has is taken back; what was to come is cancelled with the wish
        "taking_back": lambda: cancelled,
        "seen_live": lambda: plain,
        "seen_failed": lambda: replace(
            once, faults=on_clip(clip, "network_error", words="no"), ends_as="network_error"
        ),
        "timed_out": lambda: replace(
            once, faults=on_clip(clip, "never_publishes"), ends_as="unconfirmed"
        ),
        "deleted_upstream": lambda: replace(once, acts=(Act("delete", UPSTREAM, clip),)),
        "missed": lambda: replace(plain, mode=SCHEDULED, is_missed=True, ends_as="missed"),
        "forbidden": lambda: replace(
            once, acts=(Act("forbid", UPSTREAM, clip),), ends_as="account_not_allowed"
        ),
        "withdrawn": lambda: cancelled,
        "recalled": lambda: replace(
            plain, mode=SCHEDULED, acts=(Act("pause", UPSTREAM), Act("cancel"))
        ),
    }[point]()


def _points() -> Iterator[Scenario]:
    for scenario in every_point():
        point, clip = scenario.point, scenario.clip
        differs = (clip == FIRST and point in BEGINNING) or (clip == LAST and point in ENDING)
        if clip == MIDDLE or differs:
            yield scenario
