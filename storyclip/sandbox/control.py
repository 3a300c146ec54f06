"""The calls under /control: what tests and rehearsals turn and read. Nobody at Metricool has these.

GET ledger?account=&network=      the lines since the last reset
GET requests?account=             every API call
GET counts                        calls per route, and how many at once
GET parts                         every part that came to S3, or began to
GET|POST|DELETE faults            list, switch on (one object or an array), clear (?fault=NAME)
GET|POST clock                    {"now": iso} freezes, {"advanceS": n}, {"run": true},
                                  {"skewS": n} puts Metricool's own clock ahead of it
POST counters                     {"account", "published"}: the month's count of a brand
POST posts/ID                     {"status"?, "detailedStatus"?, "publicationDate"?, "network"?}
POST people/ACT                   what somebody does in the planner: see people_control
POST tokens                       ["new", "old"]: what is taken for the token from now on
POST reset                        forget posts, faults, requests and counts
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from storyclip.sandbox.clock import from_rfc3339, rfc3339
from storyclip.sandbox.forcing import Forced, force
from storyclip.sandbox.people_control import act_as_person
from storyclip.sandbox.refusals import Refused
from storyclip.sandbox.service import Sandbox


class Wrong(ValueError):
    """A control call that makes no sense; its words are the answer's."""


def control(
    sandbox: Sandbox, method: str, path: str, query: Mapping[str, str], body: bytes
) -> tuple[int, Any]:
    """Answer one control call: a status, and what is to be said as JSON."""
    try:
        return 200, _answer(sandbox, method, path, query, json.loads(body) if body else {})
    except Refused as refusal:
        return refusal.status, {"error": refusal.words}
    except (ValueError, TypeError) as wrong:  # JSON, dates, faults and people
        return 400, {"error": str(wrong)}


def _answer(sandbox: Sandbox, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
    account, network = query.get("account"), query.get("network")
    match method, path.removeprefix("/control/").split("/"):
        case "GET", ["ledger"]:
            return _ledger(sandbox, account, network)
        case "GET", ["requests"]:
            return sandbox.calls.listed(account)
        case "GET", ["counts"]:
            return sandbox.calls.counts()
        case "GET", ["parts"]:
            return [asdict(record) for record in sandbox.bucket.records]
        case "GET" | "POST" | "DELETE", ["faults"]:
            return _faults(sandbox, method, body, query.get("fault"))
        case "GET" | "POST", ["clock"]:
            return _clock(sandbox, body)
        case "POST", ["counters"]:
            now_ms = sandbox.clock.now_ms()
            sandbox.world.set_month_count(body["account"], body["published"], now_ms)
            sandbox.catch_up()
            return sandbox.world.known.counters.of(body["account"], now_ms)
        case "POST", ["posts", post_id]:
            return _force(sandbox, post_id, body)
        case "POST", ["people", act]:
            return act_as_person(sandbox, act, body)
        case "POST", ["tokens"]:
            return _exchange_tokens(sandbox, body)
        case "POST", ["reset"]:
            sandbox.world.reset(sandbox.clock.now_ms())
            sandbox.faults.clear()
            sandbox.calls.clear()
            sandbox.bucket.clear()
            return {"reset": True}
    raise Wrong(f"there is no {method} {path}")


def _ledger(sandbox: Sandbox, account: str | None, network: str | None) -> list[dict[str, Any]]:
    return [
        line
        for line in sandbox.ledger.lines()
        if account in (None, line["account"]) and network in (None, line["network"])
    ]


def _faults(sandbox: Sandbox, method: str, body: Any, name: str | None) -> list[dict[str, Any]]:
    if method == "DELETE":
        sandbox.faults.clear(name)
    if method == "POST":
        for spec in body if isinstance(body, list) else [body]:
            sandbox.faults.add(spec)
    return sandbox.faults.listed()


def _clock(sandbox: Sandbox, body: Any) -> dict[str, Any]:
    """Move the clock; what became due happens before the answer.

    Raises:
        Wrong: for a time before the ledger's last line, which would put its lines out of order.
    """
    clock = sandbox.clock
    if "now" in body:
        at_ms = from_rfc3339(body["now"])
        if at_ms < sandbox.ledger.last_time_ms:
            raise Wrong(f"the ledger is already at {rfc3339(sandbox.ledger.last_time_ms)}")
        clock.freeze(at_ms)
    if "advanceS" in body:
        if body["advanceS"] < 0:
            raise Wrong("the clock goes forward only")
        clock.advance(round(body["advanceS"] * 1000))
    if body.get("run"):
        clock.run()
    if "skewS" in body:
        sandbox.world.set_skew(round(body["skewS"] * 1000), sandbox.catch_up())
    now = rfc3339(sandbox.catch_up())
    return {"now": now, "running": clock.running, "skewS": sandbox.world.skew_ms / 1000}


def _exchange_tokens(sandbox: Sandbox, tokens: Any) -> dict[str, int]:
    if not isinstance(tokens, list) or not all(isinstance(one, str) and one for one in tokens):
        raise Wrong("expected a list of tokens")
    sandbox.tokens.clear()
    sandbox.tokens.update(tokens)
    return {"tokens": len(sandbox.tokens)}


def _force(sandbox: Sandbox, post_id: str, body: dict[str, Any]) -> dict[str, Any]:
    date = body.get("publicationDate")
    forced = Forced(
        status=body.get("status"),
        words=body.get("detailedStatus"),
        planned_ms=None if date is None else from_rfc3339(date),
        network=body.get("network"),
    )
    post = force(sandbox.world, int(post_id), forced, sandbox.clock.now_ms())
    return sandbox.world.show(post)
