"""POST posts: the one call where an answer and what happened may differ."""

from typing import Any

from storyclip.sandbox.admitting import admit
from storyclip.sandbox.answers import HTML, Answer, Wire, data, page
from storyclip.sandbox.ledger import fact
from storyclip.sandbox.refusals import Refused, invalid
from storyclip.sandbox.request import Call
from storyclip.sandbox.requested import hints, json_object, read_date, read_post
from storyclip.sandbox.service import Sandbox


def create(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Refuse or create; what is refused with a 4xx goes on record, too."""
    take = sandbox.faults.take
    try:
        admit(sandbox, call, now_ms)
        if fault := take("status_before_create", call.subject):
            status = fault.status or 502
            if not 400 <= status < 500:
                return page(status)
            raise Refused(status, "Error", fault.words or "fault of the sandbox")
        if fault := take("refuse", call.subject):
            raise invalid(fault.words or "refused")
        body = json_object(call.request.body) if call.json is None else call.json
        created = sandbox.world.create(call.account, read_post(body), now_ms)
    except Refused as refusal:
        if refusal.status < 500:
            _put_on_record(sandbox, call, refusal, now_ms)
        raise
    return _answer_created(sandbox, call, created)


def _put_on_record(sandbox: Sandbox, call: Call, refusal: Refused, now_ms: int) -> None:
    networks, media = hints(call.json or {})
    first_media = media[0] if media else None
    try:
        planned_ms = sandbox.world.cut(read_date(call.json or {})[0])
    except Refused:
        planned_ms = None  # the date itself may be what was refused
    facts = [
        fact(
            "refused",
            call.query("blogId"),
            network,
            media=first_media,
            source=sandbox.world.known.sources.get(first_media or ""),
            planned_for_ms=planned_ms,
            detail=refusal.words,
            by="api",
        )
        for network in networks or (None,)
    ]
    sandbox.ledger.append(now_ms, facts)


def _answer_created(sandbox: Sandbox, call: Call, created: dict[str, Any]) -> Answer:
    def hit(name: str) -> bool:
        return sandbox.faults.take(name, call.subject) is not None

    if hit("create_then_drop"):
        return Answer(wire=Wire.DROPPED)
    if fault := sandbox.faults.take("create_then_status", call.subject):
        return page(fault.status or 502)
    if hit("create_then_html_200"):
        return page(200)
    if hit("create_then_empty_200"):
        return Answer(content_type=HTML)
    if hit("create_without_id"):
        del created["id"]
    answer = data(created)
    if hit("create_then_truncated"):
        answer.wire = Wire.TRUNCATED
    return answer
