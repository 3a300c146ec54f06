"""`POST /control/people/ACT`: people's acts over HTTP. Dates are RFC 3339; the post is the answer.

edit         {"postId", "date"?, "fields"?}
move         {"postId", "date"}
delete       {"postId"}
restore      {"account", "postId"}
copy         {"postId", "date"?}
vanish       {"postId"}
make         {"account", "network", "date", "media"?, "postId"?, "fields"?}
begin_draft  {"account", "date"}
fill         {"account", "network", "count", "date"}; the answer is the ids
"""

from typing import Any

from storyclip.sandbox import people
from storyclip.sandbox.clock import from_rfc3339
from storyclip.sandbox.service import Sandbox


def act_as_person(sandbox: Sandbox, act: str, what: dict[str, Any]) -> Any:
    """Do one act and show the post as it is then.

    Raises:
        ValueError: no such act, or what it needs is missing.
        Refused: what the planner would not do.
    """
    try:
        return _act(sandbox, act, what)
    except KeyError as missing:
        raise ValueError(f"{act} needs {missing.args[0]}") from missing


def _act(sandbox: Sandbox, act: str, what: dict[str, Any]) -> Any:
    date = what.get("date")
    planned_ms = None if date is None else from_rfc3339(date)
    fields = what.get("fields")
    match act:
        case "edit":
            post = people.edit(sandbox, what["postId"], planned_ms=planned_ms, fields=fields)
        case "move":
            post = people.move(sandbox, what["postId"], from_rfc3339(what["date"]))
        case "delete":
            post = people.delete(sandbox, what["postId"])
        case "restore":
            post = people.restore(sandbox, what["account"], what["postId"])
        case "copy":
            post = people.copy(sandbox, what["postId"], planned_ms=planned_ms)
        case "vanish":
            people.vanish(sandbox, what["postId"])
            return None
        case "make":
            post = people.make(
                sandbox,
                what["account"],
                what["network"],
                from_rfc3339(what["date"]),
                media=what.get("media"),
                post_id=what.get("postId"),
                fields=fields,
            )
        case "begin_draft":
            post = people.begin_draft(sandbox, what["account"], from_rfc3339(what["date"]))
        case "fill":
            first_ms = from_rfc3339(what["date"])
            account, network, count = what["account"], what["network"], what["count"]
            return [one.id for one in people.fill(sandbox, account, network, count, first_ms)]
        case _:
            raise ValueError(f"people do not {act!r}")
    return sandbox.world.show(post)
