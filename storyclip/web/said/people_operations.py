"""What the routes take and answer by which people come in, and are let in."""

from __future__ import annotations

from storyclip.web.said import admin_bodies, admin_shapes, people, queries, shapes
from storyclip.web.said.operation import API, AT_THE_DOOR, HTML, Operation

ADMIN = f"{API}/admin"
_OF_A_BODY = (400, 404, 409, 413, 415, 422)

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
    ("GET", "/oidc/begin"): Operation(
        "Send somebody to the provider by which they sign in",
        {303: None},
        (404, 503),
        told=("Location",),
        security=[],
    ),
    ("GET", "/oidc/callback"): Operation(
        "Begin a session for whoever comes back from there",
        {200: HTML, 303: None},
        (404, 422, 503),
        queries.ComeBack,
        told=("Location",),
        security=[],
    ),
    ("GET", "/join"): Operation("The page on which a password is set", {200: HTML}, security=[]),
    ("GET", f"{ADMIN}/users"): Operation(
        "Users, for administrators", {200: admin_shapes.ManyUsers}
    ),
    ("POST", f"{ADMIN}/users"): Operation(
        "Make a user, and a link with which they set a password",
        {201: admin_shapes.InvitedUser},
        _OF_A_BODY,
        body=admin_bodies.NewUser,
    ),
    ("PATCH", f"{ADMIN}/users"): Operation(
        "Have a user be otherwise in one thing",
        {200: admin_shapes.ChangedUser},
        _OF_A_BODY,
        admin_bodies.OfUser,
        body=admin_bodies.UserChange,
    ),
    ("POST", f"{ADMIN}/users/link"): Operation(
        "Make a link with which a user sets a password",
        {200: admin_shapes.InvitedUser},
        (404, 409, 415, 422),
        admin_bodies.OfUser,
    ),
    ("GET", f"{ADMIN}/keys"): Operation("Keys, for administrators", {200: admin_shapes.ManyKeys}),
    ("POST", f"{ADMIN}/keys"): Operation(
        "Make a key, which is shown once",
        {201: admin_shapes.MadeKey},
        _OF_A_BODY,
        body=admin_bodies.NewKey,
    ),
    ("DELETE", f"{ADMIN}/keys"): Operation(
        "Make a key useless from now on",
        {200: admin_shapes.RevokedKey},
        (404, 415, 422),
        admin_bodies.OfKey,
    ),
    ("GET", f"{ADMIN}/sessions"): Operation(
        "Who is signed in, for administrators", {200: admin_shapes.ManySessions}
    ),
    ("DELETE", f"{ADMIN}/sessions"): Operation(
        "End a session, and what it opened",
        {204: None},
        (404, 415, 422),
        admin_bodies.OfSession,
    ),
}
