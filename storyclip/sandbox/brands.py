"""The brands of this Metricool, in the two shapes it shows them in, and their best times."""

from dataclasses import dataclass
from typing import Any

FIRST_BRAND_ID = 2_000_001
BOTH = ("facebook", "instagram")
JOINED_MS = 1_700_000_000_000

_LABELS = (
    "Cocina de Lola",
    "Ruta Andina",
    "Praia Viva",
    "Taller Norte",
    "Café Aurora",
    "Bodega del Sur",
    "Jardín Azul",
)
_ZONES = ("Europe/Madrid", "America/Bogota", "America/Sao_Paulo")


@dataclass(frozen=True, slots=True)
class Brand:
    id: int
    user_id: int
    label: str
    zone: str
    networks: tuple[str, ...]

    @property
    def page_id(self) -> str:
        return str(100_000_000_000_000 + self.id)

    @property
    def handle(self) -> str:
        return f"brand.{self.id}"


def make_brands(user_id: int, count: int | None) -> list[Brand]:
    """Three brands, the last one with Facebook alone; or `count` brands with both networks."""
    total = 3 if count is None else count
    brands = []
    for n in range(total):
        label = _LABELS[n % len(_LABELS)]
        if n >= len(_LABELS):
            label += f" {n // len(_LABELS) + 1}"
        only_facebook = count is None and n == total - 1
        networks = ("facebook",) if only_facebook else BOTH
        zone = _ZONES[n % len(_ZONES)]
        brands.append(Brand(FIRST_BRAND_ID + n, user_id, label, zone, networks))
    return brands


def as_profile(brand: Brand) -> dict[str, Any]:
    """An element of `admin/simpleProfiles`. Source: metricool.md §6.1."""
    facebook = brand.page_id if "facebook" in brand.networks else None
    instagram = brand.handle if "instagram" in brand.networks else None
    return {
        "id": brand.id,
        "userId": brand.user_id,
        "ownerUserId": brand.user_id,
        "label": brand.label,
        "url": None,
        "title": None,
        "description": "",
        "picture": None,
        "facebook": facebook,
        "facebookPageId": facebook,
        "instagram": instagram,
        "fbBusinessId": None if instagram is None else str(17_840_000_000_000_000 + brand.id),
        "instagramConnectionType": None if instagram is None else "FACEBOOK_LOGIN",
        "tiktok": None,
        "youtube": None,
        "twitter": None,
        "linkedinCompany": None,
        "threads": None,
        "bluesky": None,
        "pinterest": None,
        "gmb": None,
        "timezone": brand.zone,
        "role": "OWNER",
        "deleted": False,
        "isDemo": False,
        "isShared": False,
        "joinDate": JOINED_MS,
    }


def as_brand_lite(brand: Brand) -> dict[str, Any]:
    """An element of `v2/settings/brands`: only connected networks have a key. Source: §6.2."""
    joined = {"dateTime": "2023-11-14T23:13:20", "timezone": "Europe/Madrid"}
    return {
        "id": brand.id,
        "userId": brand.user_id,
        "ownerUserId": brand.user_id,
        "label": brand.label,
        "title": None,
        "description": "",
        "image": None,
        "ownerUsername": "owner@example.test",
        "hash": f"{brand.id:x}",
        "joinDate": joined,
        "firstConnectionDate": joined,
        "timezone": brand.zone,
        "engagementRatio": None,
        "networksData": {
            f"{network}Data": {"id": brand.page_id if network == "facebook" else brand.handle}
            for network in brand.networks
        },
        "isShared": False,
    }


def best_times(brand: Brand, network: str, *, flat: bool = False) -> list[dict[str, Any]]:
    """7 days x 24 values, the same ones every time; `flat` is all 0. Source: metricool.md §5.

    Days come 7, 1, 2 … 6 as in the one capture (ISO numbers), so nobody relies on their order.
    """
    lean = (brand.id + len(network)) % 3  # brands and networks differ a little
    days = []
    for day in (7, 1, 2, 3, 4, 5, 6):
        hours = [0 if flat else _warmth(day, hour, lean) for hour in range(24)]
        by_hour = [{"hourOfDay": hour, "value": value} for hour, value in enumerate(hours)]
        days.append({"dayOfWeek": day, "bestTimesByHour": by_hour})
    return days


def _warmth(day: int, hour: int, lean: int) -> int:
    """Between 7 and 44: warmest at lunch and in the evening, and later at the weekend."""
    lunch, evening = (14, 21) if day >= 6 else (13, 20)
    away = min(abs(hour - lunch - lean) + 2, abs(hour - evening - lean))
    return max(7, 44 - 4 * away - (day + lean) % 4)
