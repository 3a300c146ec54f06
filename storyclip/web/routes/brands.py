"""The accounts that the key may publish for."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.holder import Scope
from storyclip.domain.story import Brand
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.said.answers import answer
from storyclip.web.said.shapes import Brands, BrandShape

routes = Blueprint("brands", __name__, url_prefix="/api/metricool")


@routes.get("/brands")
def brands() -> Response:
    """Show Metricool's accounts, as far as the key reaches."""
    who = auth.holder(Scope.READ)
    theirs = [brand for brand in front().upstream.brands() if who.may_use(brand.id)]
    shown: Brands = {"success": True, "brands": [_brand(brand) for brand in theirs]}
    return answer(shown)


def _brand(brand: Brand) -> BrandShape:
    return {
        "id": brand.id,
        "label": brand.label,
        "timezone": brand.timezone,
        "hasFacebook": brand.has_facebook,
        "hasInstagram": brand.has_instagram,
        "picture": brand.picture,
    }
