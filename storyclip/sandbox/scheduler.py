"""The other calls under v2/scheduler: list, read, replace, move, restore, count."""

import json

from storyclip.sandbox.answers import Answer, data
from storyclip.sandbox.posts import Post
from storyclip.sandbox.refusals import invalid, not_found
from storyclip.sandbox.request import Call
from storyclip.sandbox.requested import json_object, read_date, read_post
from storyclip.sandbox.service import Sandbox
from storyclip.sandbox.shown import shown_deleted
from storyclip.sandbox.wall_time import DEFAULT_ZONE, from_wall_time
from storyclip.sandbox.world import DAY_MS


def list_posts(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Posts planned from `start` to `end`, both included [G], or with the filter's uuid (§3.2)."""
    posts = sandbox.world.listed(call.account, now_ms)
    wanted = call.query("filter")
    if wanted:
        uuid = _uuid_of(wanted)
        found = [post for post in posts if post.uuid == uuid]
    else:
        zone = call.query("timezone") or DEFAULT_ZONE
        first_ms = from_wall_time(call.needed("start"), zone, "list.start")
        last_ms = from_wall_time(call.needed("end"), zone, "list.end")
        if call.query("extendedRange") == "true":
            first_ms, last_ms = first_ms - DAY_MS, last_ms + DAY_MS
        found = [post for post in posts if first_ms <= post.planned_ms <= last_ms]
        found.sort(key=lambda post: (post.planned_ms, post.id))
    if sandbox.faults.any("list_lacks_once"):
        take = sandbox.faults.take
        found = [one for one in found if not take("list_lacks_once", one.subject("list"))]
    page, more = len(found), {}
    if (paged := sandbox.faults.take("list_paged", call.subject)) and paged.most is not None:
        page = paged.most
        more = {"page": {"next": "2" if page < len(found) else None}}
    return data([sandbox.world.show(post, in_list=True) for post in found[:page]], **more)


def get_post(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """One post; without blogId any of the user's (§1.1)."""
    post = sandbox.world.shelf.find(call.query("blogId"), call.post_id)
    if now_ms < post.found_from_ms or sandbox.faults.take("get_404", call.subject):
        raise not_found(f"Post {post.id}")
    return data(sandbox.world.show(post))


def put_post(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    asked = read_post(json_object(call.request.body))
    return data(sandbox.world.put(call.account, call.post_id, asked, now_ms))


def patch_post(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """Only the date can be changed (§3.5)."""
    if call.needed("fields") != "publicationDate":
        raise invalid({"move.fields": "only publicationDate can be changed"})
    planned_ms, zone = read_date(json_object(call.request.body))
    sandbox.world.move(call.account, call.post_id, planned_ms, zone, now_ms)
    return data(True)


def restore_post(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    sandbox.world.restore(call.account, call.post_id, now_ms)
    return data(True)


def count_posts(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """How many posts went out this month. Source: metricool.md §7.3a."""
    del call
    world = sandbox.world
    return data(world.known.counters.shown(sandbox.user_id, list(world.brands), now_ms))


def list_deleted(sandbox: Sandbox, call: Call, now_ms: int) -> Answer:
    """A page of deleted posts (§3.6); pages count from 0 and the newest comes first [G]."""
    del now_ms
    posts = sandbox.world.shelf.deleted(call.account)
    by_plan = call.query("orderBy") == "publishDate"
    ascending = (call.query("orderDirection") or "").upper() == "ASC"
    posts.sort(key=_planned if by_plan else _deleted, reverse=not ascending)
    page, size = _number(call, "page", 0, 0, 10**9), _number(call, "pageSize", 50, 10, 1000)
    paged = sandbox.faults.take("list_paged", call.subject)
    if paged is not None and paged.most is not None:
        size = min(size, paged.most)
    zone = call.query("timezone") or DEFAULT_ZONE
    skew_ms = sandbox.world.skew_ms
    shown = posts[page * size : (page + 1) * size]
    elements = [shown_deleted(post, zone, skew_ms) for post in shown]
    if sandbox.faults.take("deleted_undated", call.subject):
        elements = [{**element, "deletionDate": None} for element in elements]
    total = None if paged else len(posts)
    return data(
        {"elements": elements, "pageNumber": page, "pageSize": size, "totalElements": total}
    )


def _uuid_of(wanted: str) -> str:
    try:
        value = json.loads(wanted)
    except ValueError as broken:
        raise invalid({"list.filter": f"not JSON: {broken}"}) from broken
    if not isinstance(value, dict) or not isinstance(value.get("uuid"), str):
        raise invalid({"list.filter": "this sandbox filters by uuid only"})
    uuid: str = value["uuid"]
    return uuid


def _number(call: Call, parameter: str, default: int, least: int, most: int) -> int:
    text = call.query(parameter)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise invalid({f"deleted.{parameter}": f"{text!r} is not in {least}..{most}"})
    return int(text)


def _planned(post: Post) -> tuple[int, int]:
    return post.planned_ms, post.id


def _deleted(post: Post) -> tuple[int, int]:
    return post.deleted_ms or 0, post.id
