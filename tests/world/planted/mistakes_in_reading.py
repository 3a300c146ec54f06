"""Mistakes in what is read, of Metricool's lists and of what somebody may."""

from __future__ import annotations

from storyclip.domain.network import Network
from storyclip.store.access import users
from storyclip.upstream import lists, posts
from tests.world.planted.plant import Plant, always, plant


@plant("shapes")
def a_page_is_the_list(instead: Plant) -> None:
    """Take the first page of a list for all that there is."""
    kept = lists._list_in  # which reads once what was shown before

    def first_page(body: bytes, network: Network) -> posts.Listed:
        shown = kept(body, network)
        return posts.Listed(shown.posts, is_whole=shown.is_whole or shown.goes_on)

    instead.of(lists, "_list_in", first_page)


@plant("rights")
def a_right_lasts(instead: Plant) -> None:
    """Look at what somebody may when a story is sent, and leave what Metricool has already."""
    instead.of(users, "is_allowed", always(True))
