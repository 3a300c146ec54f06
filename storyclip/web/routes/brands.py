"""The accounts that the key may publish for."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.holder import Scope
from storyclip.web.door import auth, limits
from storyclip.web.front import front
from storyclip.web.said.brands import SaidBrands

routes = Blueprint("brands", __name__, url_prefix="/api/metricool")

_said = SaidBrands()


@routes.get("/brands")
def brands() -> Response:
    """Show Metricool's accounts, as far as the key reaches."""
    who = auth.holder(Scope.READ)
    if not front().brands.are_known():
        limits.wait_elsewhere()
    shown = _said.of(front().brands.all(), who.accounts)
    return Response(shown, mimetype="application/json")
