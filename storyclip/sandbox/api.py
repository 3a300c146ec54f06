"""Everything under /api: which call it is, whether it may, and what becomes of it. No I/O."""

from functools import partial

from storyclip.sandbox import brand_calls, creating, deleting, media, scheduler, uploads
from storyclip.sandbox.admitting import admit
from storyclip.sandbox.answers import Answer, Wire, data, failure, refusal_answer
from storyclip.sandbox.calls import CallRecord
from storyclip.sandbox.clock import http_date
from storyclip.sandbox.faults import Fault, Subject
from storyclip.sandbox.refusals import Gone, Refused, not_found
from storyclip.sandbox.request import Call, Request
from storyclip.sandbox.requested import hints, json_object
from storyclip.sandbox.service import Sandbox

POSTS = "/api/v2/scheduler/posts"
UPLOADS = "/api/v2/media/s3/upload-transactions"
ROUTES = {
    ("POST", POSTS): "create",
    ("GET", POSTS): "list",
    ("GET", f"{POSTS}/deleted"): "deleted",
    ("GET", f"{POSTS}/*"): "get",
    ("PUT", f"{POSTS}/*"): "replace",
    ("PATCH", f"{POSTS}/*"): "move",
    ("DELETE", f"{POSTS}/*"): "delete",
    ("PUT", f"{POSTS}/deleted/*"): "restore",
    ("GET", "/api/actions/normalize/image/url"): "normalize",
    ("GET", "/api/admin/simpleProfiles"): "profiles",
    ("GET", "/api/v2/settings/brands"): "brands",
    ("GET", "/api/v2/scheduler/besttimes/*"): "best_times",
    ("GET", "/api/v2/scheduler/counters"): "counters",
    ("PUT", UPLOADS): "open_upload",
    ("PATCH", UPLOADS): "complete_upload",
    ("GET", UPLOADS): "ask_upload",
    ("DELETE", UPLOADS): "abort_upload",
}
HANDLERS = {
    "create": creating.create,
    "list": scheduler.list_posts,
    "get": scheduler.get_post,
    "replace": scheduler.put_post,
    "move": scheduler.patch_post,
    "delete": deleting.delete_post,
    "deleted": scheduler.list_deleted,
    "restore": scheduler.restore_post,
    "normalize": media.normalize,
    "profiles": brand_calls.profiles,
    "brands": brand_calls.brands,
    "best_times": brand_calls.best_times_of,
    "counters": scheduler.count_posts,
    "open_upload": uploads.open_upload,
    "complete_upload": uploads.complete_upload,
    "ask_upload": uploads.ask_upload,
    "abort_upload": uploads.abort_upload,
}
FAILS = {
    "list": "list_fails",
    "deleted": "list_fails",
    "get": "get_fails",
    "normalize": "normalize_fails",
    "profiles": "brands_fail",
    "brands": "brands_fail",
    "open_upload": "open_upload_fails",
    "complete_upload": "complete_upload_fails",
    "ask_upload": "ask_upload_fails",
    "abort_upload": "abort_upload_fails",
}
DROPPED_UNHANDLED = {"create": "drop_before_create", "delete": "drop_before_delete"}
HANDLED_LATE = {"create": "delay_before_create", "delete": "delay_before_delete"}
ABOUT_ONE_POST = frozenset(("get", "replace", "move", "delete", "restore"))


def handle(
    sandbox: Sandbox, request: Request, now_ms: int, record: CallRecord | None = None
) -> Answer:
    """Answer one call at `now_ms`, the moment up to which the agenda has been run.

    `record` is for a front that knows better when the client has its answer: begun and ended there.
    """
    if record is None:
        record = sandbox.calls.begin(request.method, request.path, request.query.get("blogId"))
        answer = _handle(sandbox, request, now_ms, record)
        if answer.wire is Wire.LATER:
            answer.when_handled.append(partial(sandbox.calls.end, record, answer))
        else:
            sandbox.calls.end(record, answer)
        return answer
    return _handle(sandbox, request, now_ms, record)


def _handle(sandbox: Sandbox, request: Request, now_ms: int, record: CallRecord) -> Answer:
    take = sandbox.faults.take
    call = _call(sandbox, request, record)
    if call.name in DROPPED_UNHANDLED and take(DROPPED_UNHANDLED[call.name], call.subject):
        return Answer(wire=Wire.DROPPED)
    late = take(HANDLED_LATE[call.name], call.subject) if call.name in HANDLED_LATE else None
    if late is None:
        return _answer(sandbox, call, now_ms)
    # Whether the client waits or not, it is handled then, by what is true then.
    later = Answer(wire=Wire.LATER, handled_at_ms=now_ms + late.delay_ms)
    sandbox.world.agenda.at(
        later.handled_at_ms, lambda at_ms: later.become(_answer(sandbox, call, at_ms))
    )
    return later


def _call(sandbox: Sandbox, request: Request, record: CallRecord) -> Call:
    """Find out which call this is and what it is about, and fill in its record."""
    folder, _, last = request.path.rpartition("/")
    path = request.path
    name = ROUTES.get((request.method, path))
    if name is None:
        path = f"{folder}/*"
        name = ROUTES.get((request.method, path), "")
    sandbox.calls.count(f"{request.method} {path}" if name else "unknown")
    call = Call(request, name, last, record, Subject(record.account, call=name))
    _say_what_it_is_about(sandbox, call)
    return call


def _say_what_it_is_about(sandbox: Sandbox, call: Call) -> None:
    """Fill in the call's record, and what faults tell calls apart by."""
    record, world = call.record, sandbox.world
    if call.name == "create":
        try:
            call.json = json_object(call.request.body)
        except Refused:
            return  # refused, with these words, when the call is handled
        networks, urls = hints(call.json)
        known = world.known.sources
        sources = tuple(known[url] for url in urls if url in known)
        record.network = networks[0] if networks else None
        record.media = urls[0] if urls else None
        record.source = sources[0] if sources else None
        call.subject = Subject(record.account, networks, (*sources, *urls))
    elif call.name in ABOUT_ONE_POST:
        post = world.shelf.peek(int(call.last)) if call.last.isdecimal() else None
        if post is not None:
            call.subject = post.subject(call.name)
            record.network = next(iter(call.subject.networks), None)
            record.media = post.media
            record.source = post.sources[0] if post.sources else None
    elif call.name == "normalize":
        record.source = call.query("url") or ""
        call.subject = Subject(record.account, (), (record.source,), call.name)
    elif call.name == "best_times":
        record.network = call.last
        call.subject = Subject(record.account, (call.last,), (), call.name)


def _answer(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Do what is asked, and say how the answer travels."""
    take = sandbox.faults.take
    try:
        answer = _done(sandbox, call, now_ms)
    except Gone as gone:
        answer = _gone(gone, take("gone_id_answers", call.subject))
    except Refused as refusal:
        answer = refusal_answer(refusal)
    slow = take("delay_answer", call.subject)
    if slow is None and call.name == "normalize":
        slow = take("normalize_slow", call.subject)
    if slow is not None:
        answer.wait_s = slow.seconds or 0
    if drip := take("slow_drip_answer", call.subject):
        answer.wire, answer.drip_s = Wire.DRIPPING, drip.seconds or 0
    answer.handled_at_ms = now_ms
    if answer.content_type:
        answer.headers["Content-Type"] = answer.content_type
    if not take("no_date", call.subject):
        answer.headers["Date"] = http_date((now_ms + sandbox.world.skew_ms) // 1000)
    return answer


def _gone(gone: Gone, fault: Fault | None) -> Answer:
    """The ways in which Metricool says that an id leads nowhere. Source: metricool.md §1.3."""
    if fault is None:
        return refusal_answer(gone)
    if fault.status == 200:
        return data(None)
    return failure(fault.status or 400, fault.words or gone.words)


def _done(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    if not call.name:
        raise not_found(call.request.path)
    if call.name != "create":  # which puts on record what is refused, and so asks by itself
        admit(sandbox, call, now_ms)
    if call.name in FAILS and (fault := sandbox.faults.take(FAILS[call.name], call.subject)):
        return failure(fault.status, fault.words)
    return HANDLERS[call.name](sandbox, call, now_ms)
