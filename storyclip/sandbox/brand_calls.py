"""The calls about brands: two lists of them, and the heat map of their best times."""

from storyclip.sandbox.answers import Answer, data, encode
from storyclip.sandbox.brands import as_brand_lite, as_profile, best_times
from storyclip.sandbox.refusals import forbidden
from storyclip.sandbox.request import Call
from storyclip.sandbox.service import Sandbox


def profiles(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """A bare array, the one exception to the envelope."""
    del call, now_ms
    return Answer(body=encode([as_profile(brand) for brand in sandbox.world.brands.values()]))


def brands(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    del call, now_ms
    return data([as_brand_lite(brand) for brand in sandbox.world.brands.values()])


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
    return data(best_times(brand, call.last, flat=flat))
