"""What the routes take and answer by which people come in, and are let in."""

from __future__ import annotations

from storyclip.web.said import people, shapes
from storyclip.web.said.operation import AT_THE_DOOR, HTML, Operation

PEOPLE: dict[tuple[str, str], Operation] = {
    ("POST", "/session/password"): Operation(
        "Begin a session of the page with a user's password",
        {200: shapes.SessionShape},
        AT_THE_DOOR,
        body=people.PasswordSignIn,
        security=[],
    ),
    ("POST", "/session/invitation"): Operation(
        "For whom a link is that sets a password",
        {200: people.Invited},
        AT_THE_DOOR,
        body=people.TheLink,
        security=[],
    ),
    ("POST", "/session/join"): Operation(
        "Set a password by a link, once, and begin a session of the page",
        {200: shapes.SessionShape},
        AT_THE_DOOR,
        body=people.Join,
        security=[],
    ),
    ("POST", "/session/new-password"): Operation(
        "Put a password in place of one's own",
        {204: None},
        (400, 413, 415, 422),
        body=people.NewPassword,
    ),
    ("GET", "/join"): Operation("The page on which a password is set", {200: HTML}, security=[]),
}
