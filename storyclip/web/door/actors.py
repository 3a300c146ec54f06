"""Who acts in a request, as the audit is told: nobody at first, then whoever was let in."""

from __future__ import annotations

from flask import Flask, request

from storyclip.domain.act import Actor, Via
from storyclip.domain.holder import Holder
from storyclip.store import acts


def begin(app: Flask) -> None:
    """Have each request of the application begin as nobody's; its thread had another before."""
    app.before_request(_nobody)


def let_in(who: Holder) -> None:
    """Have what the request does from now on be done by them."""
    via = Via.API if who.session_id is None else Via.PAGE
    acts.acts_as(Actor(via, who.user_id, who.key_id, who.session_id, request.remote_addr))


def _nobody() -> None:
    acts.acts_as(Actor(Via.API, address=request.remote_addr))
