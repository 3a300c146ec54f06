"""DELETE of a post: answer and deed may differ here as they do at its creation."""

from storyclip.sandbox.answers import Answer, Wire, data, failure
from storyclip.sandbox.refusals import Refused
from storyclip.sandbox.request import Call
from storyclip.sandbox.service import Sandbox

INT32 = 2**31


def delete_post(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Delete whatever post has this id now (§3.6); a uuid in its place is a 500 (§3.4 [S])."""
    if not call.last.isdecimal() or int(call.last) >= INT32:
        raise Refused(500, "InternalError", "Internal server error")
    take = sandbox.faults.take
    if fault := take("status_before_delete", call.subject):
        return failure(fault.status or 500, fault.words)
    sandbox.world.delete(call.account, call.post_id, now_ms)
    if take("delete_then_drop", call.subject):
        return Answer(wire=Wire.DROPPED)
    if fault := take("delete_then_status", call.subject):
        return failure(fault.status or 500, fault.words)
    if take("delete_204", call.subject):
        return Answer(204, content_type="")
    return data(True)
