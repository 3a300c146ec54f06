"""What is said to come in as oneself, and to be let in by an administrator."""

from __future__ import annotations

from typing import Annotated, TypedDict

from pydantic import Field

from storyclip.domain.password import MOST_LENGTH
from storyclip.web.said.body import Body

MAX_TOKEN_LENGTH = 100  # ours have 43

UserId = Annotated[str, Field(min_length=1, max_length=255)]
Password = Annotated[str, Field(min_length=1, max_length=MOST_LENGTH)]
Token = Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_LENGTH)]


class PasswordSignIn(Body):
    """A user and their password, to be exchanged for a session of the page."""

    user_id: UserId
    password: Password


class TheLink(Body):
    """A link with which somebody sets their password."""

    token: Token


class Join(Body):
    """A link with which somebody sets their password, and the password."""

    token: Token
    password: Password


class NewPassword(Body):
    """A password in place of the one that there is."""

    current: Password
    password: Password


class Invited(TypedDict):
    """For whom a link is."""

    userId: str
    name: str
