"""The calls about brands: two lists of them, and the heat map of their best times."""

from typing import Any

from storyclip.sandbox.answers import Answer, data, encode
from storyclip.sandbox.brands import as_brand_lite, as_profile, best_times
from storyclip.sandbox.refusals import forbidden
from storyclip.sandbox.request import Call
from storyclip.sandbox.service import Sandbox

HUGE_BYTES = 5_000_000
NULL_DAY, NULL_HOUR = 3, 13  # any that a reader would look at


def profiles(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """A bare array, the one exception to the envelope."""
    del now_ms
    shown = [as_profile(brand) for brand in sandbox.world.brands.values()]
    return Answer(body=encode(_padded(shown, sandbox, call)))


def brands(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    del now_ms
    shown = [as_brand_lite(brand) for brand in sandbox.world.brands.values()]
    return data(_padded(shown, sandbox, call))


def _padded(shown: list[dict[str, Any]], sandbox: Sandbox, call: Call) -> list[dict[str, Any]]:
    if sandbox.faults.take("brands_huge", call.subject):
        for brand in shown:
            brand["description"] = "x" * (HUGE_BYTES // len(shown))
    return shown


def best_times_of(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """The heat map of a connected network; [] without dates, as seen live (§5)."""
    del now_ms
    brand = sandbox.world.brands[call.account]
    if call.last not in brand.networks:
        raise forbidden(f"There is no {call.last} connection for blog: {call.account}")
    take = sandbox.faults.take
    undated = not call.query("start") or not call.query("end")
    if undated or take("best_times_empty", call.subject):
        return data([])
    flat = take("best_times_flat", call.subject) is not None
    days = best_times(brand, call.last, flat=flat)
    if take("best_times_null_hour", call.subject):
        days[NULL_DAY]["bestTimesByHour"][NULL_HOUR]["value"] = None
    return data(days)
