"""When: the clocks' gaps and folds are said before anything is confirmed."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import choose_brand, paste

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-people")]

# The hours around both turns of the clocks in Madrid that come next after the page's own date.
NOW = "2026-12-01T10:00:00Z"
GAP, FOLD = ("2027-03-28", "02:30"), ("2027-10-31", "02:30")


def planned(page: Page, date: str, time: str) -> None:
    choose_brand(page)
    paste(page, "https://cdn.example.com/w/1.mp4\nhttps://cdn.example.com/w/2.mp4")
    page.locator(".choice:has([value=scheduled])").click()
    page.fill("#zone", "Europe/Madrid")
    page.fill("#date", date)
    page.fill("#time", time)


@pytest.fixture
def page(visit) -> Page:
    opened: Page = visit("/#publish", clock_at=NOW)
    return opened


def test_a_time_that_the_clocks_skip_cannot_be_confirmed(page):
    planned(page, *GAP)

    expect(page.locator("#when-problem")).to_contain_text("Esa hora no existe en Europe/Madrid")
    expect(page.locator("#when-problem")).to_contain_text("28 de marzo, 03:00")
    expect(page.locator("#start")).to_be_disabled()


def test_a_time_that_comes_twice_has_to_be_told_apart(page):
    planned(page, *FOLD)
    expect(page.locator("#when-problem")).to_contain_text("ocurre dos veces")
    expect(page.locator("#start")).to_be_disabled()
    sent: list[dict[str, object]] = []

    def refuse(route: Route) -> None:
        sent.append((route.request.post_data_json or {})["schedule"])
        route.fulfill(status=503, content_type="application/problem+json", body="{}")

    page.route("**/publish/stories", refuse)
    page.locator("#twice label", has_text="UTC+01:00").locator("input").check(force=True)
    expect(page.locator("#when-says")).to_contain_text("UTC+01:00")
    expect(page.locator("#when-says")).to_contain_text("01:30 UTC")
    page.click("#start")
    expect(page.locator("#preflight")).to_contain_text("503")

    assert sent[0]["scheduledAt"] == "2027-10-31T02:30:00+01:00"


def test_a_clip_a_day_is_said_to_end_at_the_same_time_of_day(page):
    planned(page, "2027-03-27", "18:00")

    page.fill("#interval", "1440")

    expect(page.locator("#when-says")).to_contain_text("28 de marzo, 18:00")


def test_the_servers_objection_to_the_date_is_shown_there(page):
    """The answer is made up: what is asked is whether the page puts it where it belongs."""
    planned(page, "2027-01-15", "18:00")
    fault = {"pointer": "/schedule/scheduledAt", "detail": "2027-01-15 is too early"}
    body = json.dumps({"title": "The request is not valid", "errors": [fault]})
    page.route(
        "**/publish/stories",
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body=body),
    )

    page.click("#start")

    expect(page.locator("#preflight")).to_contain_text("too early")


@pytest.mark.parametrize("is_flat", [False, True])
def test_the_heat_map_is_a_grid_or_says_that_there_is_none(page, is_flat):
    """The answer is made up after the contract."""
    days = [
        {"dayOfWeek": day, "hours": [0 if is_flat else hour + day for hour in range(24)]}
        for day in range(1, 8)
    ]
    answer = {
        "success": True,
        "timezone": "Europe/Madrid",
        "days": days,
        "next": [{"startsAt": "2026-12-06T22:00:00Z", "value": 30}],
    }
    page.route("**/best-times?*", lambda route: route.fulfill(json=answer))
    choose_brand(page)

    page.locator(".choice:has([value=bestTime])").click()

    if is_flat:
        expect(page.locator("#heat")).to_contain_text("aún no tiene datos")
        return
    chosen = page.locator("#heat .chosen")
    expect(chosen).to_have_attribute("aria-label", "domingo, 23:00: 30, elegida")
    page.locator("#heat td[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel") == "martes, 1:00: 3"
