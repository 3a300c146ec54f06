"""Mistakes in what is read, of Metricool's lists and of what somebody may."""

from __future__ import annotations

from storyclip.store.access import users
from storyclip.upstream import posts
from tests.world.planted.plant import Plant, always, plant


@plant("shapes")
def a_page_is_the_list(instead: Plant) -> None:
    """Take the first page of a list for all that there is."""
    instead.of(posts, "goes_on", always(False))


@plant("rights")
def a_right_lasts(instead: Plant) -> None:
    """Look at what somebody may when a story is sent, and leave what Metricool has already."""
    instead.of(users, "is_allowed", always(True))
