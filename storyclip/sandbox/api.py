"""Everything under /api: which call it is, whether it may, and what else it does."""

import asyncio
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web

from storyclip.sandbox import scheduler
from storyclip.sandbox.answers import (
    TEXT,
    Answer,
    Wire,
    data,
    encode,
    failure,
    page,
    refusal_answer,
    send,
)
from storyclip.sandbox.brands import as_brand_lite, as_profile, best_times
from storyclip.sandbox.clock import http_date
from storyclip.sandbox.creating import create
from storyclip.sandbox.faults import Subject
from storyclip.sandbox.refusals import Refused, forbidden, not_found
from storyclip.sandbox.requested import hints, json_object
from storyclip.sandbox.service import Call, Sandbox, admit

POSTS = "/api/v2/scheduler/posts"
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
}
FAILS = {
    "list": "list_fails",
    "deleted": "list_fails",
    "get": "get_fails",
    "normalize": "normalize_fails",
    "profiles": "brands_fail",
    "brands": "brands_fail",
}
ABOUT_ONE_POST = frozenset(("get", "replace", "move", "delete", "restore"))
UNREACHABLE_HOST = "unreachable.example"


async def handle_api(sandbox: Sandbox, request: web.BaseRequest) -> web.StreamResponse:
    """Answer one call and keep its record, whatever becomes of the client."""
    record = sandbox.calls.begin(request.method, request.path, request.query.get("blogId"))
    answer: Answer | None = None
    try:
        body = await request.read() if request.body_exists else b""
        now_ms = sandbox.catch_up()
        name, last = _route(sandbox, request.method, request.path)
        call = Call(request, name, last, body, record, Subject(record.account, call=name))
        _say_what_it_is_about(sandbox, call)
        answer = await _answer(sandbox, call, now_ms)
        return await send(request, answer, http_date(sandbox.clock.now_ms() // 1000))
    finally:
        whole = answer is not None and answer.wire in (Wire.WHOLE, Wire.DRIPPING)
        sandbox.calls.end(record, answer.status if answer is not None and whole else "dropped")


def _route(sandbox: Sandbox, method: str, path: str) -> tuple[str, str]:
    """The call's name and the path's last segment; ("", last) for what does not exist."""
    folder, _, last = path.rpartition("/")
    name = ROUTES.get((method, path))
    if name is None:
        path = f"{folder}/*"
        name = ROUTES.get((method, path), "")
    sandbox.calls.count(f"{method} {path}" if name else "unknown")
    return name, last


def _say_what_it_is_about(sandbox: Sandbox, call: Call) -> None:
    """Fill in the call's record, and what faults tell calls apart by."""
    record, world = call.record, sandbox.world
    if call.name == "create":
        try:
            call.json = json_object(call.body)
        except Refused:
            return  # refused, with these words, when the call is handled
        networks, media = hints(call.json)
        sources = tuple(world.sources[url] for url in media if url in world.sources)
        record.network = networks[0] if networks else None
        record.media = media[0] if media else None
        record.source = sources[0] if sources else None
        call.subject = Subject(record.account, networks, (*sources, *media))
    elif call.name in ABOUT_ONE_POST:
        post = world.peek(call.last)
        if post is not None:
            call.subject = world.subject(post, call.name)
            record.network = call.subject.networks[0]
            record.media = post.media
            record.source = post.sources[0] if post.sources else None
    elif call.name == "normalize":
        record.source = call.query("url") or ""
        call.subject = Subject(record.account, (), (record.source,), call.name)
    elif call.name == "best_times":
        record.network = call.last
        call.subject = Subject(record.account, (call.last,), (), call.name)


async def _answer(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    take = sandbox.faults.take
    if call.name == "create":
        answer = await create(sandbox, call, now_ms)
    else:
        try:
            answer = _answer_other(sandbox, call, now_ms)
        except Refused as refusal:
            answer = refusal_answer(refusal)
    slow = take("delay_answer", call.subject)
    if slow is None and call.name == "normalize":
        slow = take("normalize_slow", call.subject)
    if slow is not None:
        await asyncio.sleep(slow.seconds or 0)
    if drip := take("slow_drip_answer", call.subject):
        answer.wire, answer.seconds = Wire.DRIPPING, drip.seconds or 0
    return answer


def _answer_other(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    if not call.name:
        raise not_found(call.request.path)
    admit(sandbox, call)
    if call.name in FAILS and (fault := sandbox.faults.take(FAILS[call.name], call.subject)):
        return failure(fault.status, fault.words)
    return HANDLERS[call.name](sandbox, call, now_ms)


def _normalize(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Copy a clip and answer its new URL as text. Source: metricool.md §4.1."""
    accept = call.request.headers.get("Accept", "*/*")
    if not any(kind in accept for kind in ("*/*", "text/*", "text/plain")):
        raise Refused(406, "NotAcceptable", "Could not find acceptable representation")
    source = call.needed("url")
    if urlsplit(source).scheme not in ("http", "https") or UNREACHABLE_HOST in source:
        return page(200)
    month = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y%m")
    name = f"{sandbox.user_id}-{secrets.token_hex(8)}.mp4"  # a new one for each call
    media = f"https://static.metricool.com/video/{month}/{name}"
    if sandbox.faults.take("normalize_echo", call.subject):
        media = source
    sandbox.world.normalize(call.record.account, source, media, now_ms)
    call.record.media = media
    quote = '"' if sandbox.faults.take("normalize_quoted", call.subject) else ""
    return Answer(body=f"{quote}{media}{quote}".encode(), content_type=TEXT)


def _profiles(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """A bare array, the one exception to the envelope."""
    del call, now_ms
    return Answer(body=encode([as_profile(brand) for brand in sandbox.world.brands.values()]))


def _brands(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    del call, now_ms
    return data([as_brand_lite(brand) for brand in sandbox.world.brands.values()])


def _best_times(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
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


HANDLERS = {
    "list": scheduler.list_posts,
    "get": scheduler.get_post,
    "replace": scheduler.put_post,
    "move": scheduler.patch_post,
    "delete": scheduler.delete_post,
    "deleted": scheduler.list_deleted,
    "restore": scheduler.restore_post,
    "normalize": _normalize,
    "profiles": _profiles,
    "brands": _brands,
    "best_times": _best_times,
}
