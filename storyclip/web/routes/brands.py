"""The accounts that the key may publish for."""

from __future__ import annotations

from flask import Blueprint, Response

from storyclip.domain.holder import Scope
from storyclip.domain.story import Brand
from storyclip.web.door import auth, limits
from storyclip.web.front import front
from storyclip.web.said.account_shapes import Brands, BrandShape
from storyclip.web.said.answers import answer

routes = Blueprint("brands", __name__, url_prefix="/api/metricool")


@routes.get("/brands")
def brands() -> Response:
    """Show Metricool's accounts, as far as the key reaches."""
    who = auth.holder(Scope.READ)
    if not front().brands.are_known():
        limits.wait_elsewhere()
    theirs = [brand for brand in front().brands.all() if who.may_use(brand.id)]
    shown: Brands = {"success": True, "brands": [_brand(brand) for brand in theirs]}
    return answer(shown)


def _brand(brand: Brand) -> BrandShape:
    return BrandShape(
        id=brand.id,
        label=brand.label,
        timezone=brand.timezone,
        hasFacebook=brand.facebook is not None,
        hasInstagram=brand.instagram is not None,
        facebook=brand.facebook,
        instagram=brand.instagram,
        picture=brand.picture,
    )
