"""The accounts as they are shown: put into bytes once for each reach, while they are the same."""

from __future__ import annotations

from collections.abc import Sequence

from storyclip.domain.names import Names
from storyclip.domain.story import Brand
from storyclip.web.said.account_shapes import Brands, BrandShape
from storyclip.web.said.answers import encode

MOST_REACHES = 200  # kept, of 10 kB each with fifty accounts


class SaidBrands:
    """For many threads: at worst two of them encode the same."""

    def __init__(self) -> None:
        self._kept: tuple[Sequence[Brand], dict[Names, bytes]] = ((), {})

    def of(self, every: Sequence[Brand], reach: Names) -> bytes:
        """Return the answer that shows of `every` account those within the reach."""
        shown_of, said = self._kept
        if shown_of is not every or len(said) >= MOST_REACHES:
            said = {}
            self._kept = (every, said)
        if (found := said.get(reach)) is None:
            shown: Brands = {
                "success": True,
                "brands": [_brand(brand) for brand in every if brand.id in reach],
            }
            found = said[reach] = encode(shown)
        return found


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
