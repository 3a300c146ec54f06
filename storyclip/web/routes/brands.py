"""The accounts that the key may publish for."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.holder import Scope
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.said.brands import SaidBrands

routes = Blueprint("brands", __name__, url_prefix="/api/metricool")

_said = SaidBrands()


@routes.get("/brands")
def brands() -> Response:
    """Show Metricool's accounts, as far as the key reaches."""
    who = auth.holder(Scope.READ)
    with auth.waiting_elsewhere(who, not front().brands.are_known()):
        every = front().brands.all()
    return Response(_said.of(every, who.accounts), mimetype="application/json")
