"""In which zone best times are meant: the one that is named, else the account's own."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from storyclip.domain.dates.instants import zone_named
from storyclip.domain.errors import RequestInvalid
from storyclip.web.front import front


def zone_for(account_id: str, named: str | None, pointer: str) -> ZoneInfo:
    """Return the zone that is named, else the one that Metricool has for the account.

    Args:
        pointer: where a zone is named in this request, for what is wrong with it.

    Raises:
        RequestInvalid: it is no zone, or none is named and Metricool has none either.
        UpstreamError: Metricool was asked, and did not say.
    """
    name = front().brands.zone_of(account_id) if named is None else named
    if name is None:
        raise RequestInvalid((pointer, "required: Metricool does not name the account's zone"))
    try:
        return zone_named(name)
    except RequestInvalid as invalid:
        raise RequestInvalid(*((pointer, why) for _, why in invalid.problems)) from None
