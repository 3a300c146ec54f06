"""Publishing from the page: all problems at once, one click, once."""

from __future__ import annotations

import json
import re
from threading import Event

import pytest
from playwright.sync_api import Page, Route, expect

from tests.eventually import eventually
from tests.page.conftest import batches_of, choose_brand, paste, started

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-form")]

FIVE = "\n".join(f"https://cdn.example.com/a/{n}.mp4 Clip {n}" for n in range(1, 6))
TITLES = "#clips .clip-title"


def titles(page: Page) -> list[str]:
    return [one.input_value() for one in page.locator(TITLES).all()]


def test_five_clips_are_started_with_one_click_and_go_green(visit, stack):
    page = visit("/#publish")
    account = choose_brand(page)
    paste(page, FIVE)

    page.click("#start")
    shown = started(page, stack, account)

    expect(shown.locator(".clips .chip[data-look=published]")).to_have_count(5)
    expect(shown.locator(".chip[data-status=completed]")).to_have_text("Terminado")
    link = shown.locator(".clips a").first
    expect(link).to_have_attribute("href", re.compile("^https://"))


def test_a_token_that_metricool_refuses_is_said_in_the_readers_language(visit):
    page = visit("/#live")
    said = json.dumps({"code": "upstream_denied", "title": "Metricool refuses our credentials"})
    problem = {"status": 502, "content_type": "application/problem+json", "body": said}
    page.route("**/brands", lambda route: route.fulfill(**problem))

    page.goto("/#publish")
    page.reload()

    expect(page.locator("#brands .problem")).to_contain_text("Metricool no acepta el token")


def test_a_double_click_starts_one_batch(visit, stack):
    page = visit("/#publish")
    account = choose_brand(page)
    paste(page, FIVE)

    held: list[Route] = []
    page.route("**/publish/stories", lambda route: held.append(route))

    with page.expect_request("**/publish/stories"):
        page.dblclick("#start")
    page.fill("#paste", "https://cdn.example.com/a/6.mp4 For the next one")
    page.click("#add")  # while the answer is on its way
    held[0].continue_()
    started(page, stack, account)

    assert len(held) == len(batches_of(stack, account)) == 1
    assert titles(page) == ["For the next one"]


def test_a_lost_answer_and_another_click_make_one_batch(visit, stack):
    page = visit("/#publish")
    account = choose_brand(page)
    paste(page, FIVE)
    keys: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/publish/stories", lose_the_first_answer)
    page.click("#start")
    expect(page.locator("#preflight")).to_contain_text("no se publicará dos veces")
    page.click("#start")
    started(page, stack, account)

    assert keys[0] == keys[1]
    assert len(batches_of(stack, account)) == 1


def test_what_was_over_before_the_page_had_read_of_it_is_shown_to_who_began_it(visit, stack):
    page = visit("/#publish")
    account = choose_brand(page)
    paste(page, "https://cdn.example.com/o/1.mp4")
    held: list[Route] = []
    is_over = Event()
    page.route(
        "**/status?*",
        lambda route: route.continue_() if is_over.is_set() else held.append(route),
    )

    page.click("#start")
    expect(page).to_have_url(f"{stack.url}/#live")
    eventually(lambda: batches_of(stack, account)[0]["status"] == "completed")
    is_over.set()
    for route in held:
        route.continue_()

    expect(started(page, stack, account).locator("[data-status=completed]")).to_be_visible()


def test_every_problem_is_shown_next_to_its_clip(visit):
    page = visit("/#publish")

    paste(
        page, "http://a.example.com/1.mp4\nhttps://10.0.0.1/2.mp4\nhttps://u:p@x.example.com/3.mp4"
    )

    expect(page.locator("#clips .fatal")).to_have_text(
        [
            "Tiene que empezar por https://",
            "Metricool no llega a esa dirección: es de una red privada.",
            "Sin usuario ni contraseña en la dirección.",
        ]
    )
    expect(page.locator("#preflight")).to_contain_text("3 cosas")
    expect(page.locator("#start")).to_be_disabled()


def test_what_only_the_server_knows_is_shown_next_to_its_clip(visit):
    page = visit("/#publish")
    choose_brand(page)

    paste(page, "https://cdn.example.com/1.mp4\nhttps://198.51.100.7/2.mp4")
    page.click("#start")

    expect(page.locator("#clips li").nth(1).locator(".fatal")).to_have_text(
        "la dirección no es pública"
    )
    expect(page.locator("#clips > li").nth(0).locator(".fatal")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clips.csv", 'url,título\nhttps://a.example.com/1.mp4,"Uno, dos"\nhttps://a.example.com/2.mp4,Tres\n'),
        ("clips.csv", "Uno, dos;https://a.example.com/1.mp4\nTres;https://a.example.com/2.mp4"),
        ("clips.json", json.dumps({"posts": [
            {"url": "https://a.example.com/1.mp4", "text": "Uno, dos"},
            {"url": "https://a.example.com/2.mp4", "title": "Tres"}]})),
    ],
)  # fmt: skip
def test_a_file_fills_the_list(visit, name, text):
    page = visit("/#publish")

    page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": text.encode()})

    expect(page.locator("#clips > li")).to_have_count(2)
    assert titles(page) == ["Uno, dos", "Tres"]


def test_a_file_that_is_no_json_says_so(visit):
    page = visit("/#publish")

    page.set_input_files("#file", {"name": "x.json", "mimeType": "", "buffer": b"[{"})

    expect(page.locator("#clips-problem")).to_contain_text("x.json")


def test_clips_are_reordered_by_keyboard_and_by_dragging(visit):
    page = visit("/#publish")
    page.route("**/api/metricool/stream*", lambda route: route.abort())  # no news of other batches
    page.reload()
    paste(page, FIVE)

    page.locator(TITLES).nth(0).press("Alt+ArrowDown")
    expect(page.locator("#news")).to_have_text("El clip está ahora en el lugar 2 de 5.")
    assert titles(page) == ["Clip 2", "Clip 1", "Clip 3", "Clip 4", "Clip 5"]

    page.locator(".grip").nth(4).drag_to(page.locator(".clips-edit > li").nth(0))
    expect(page.locator(TITLES).nth(0)).to_have_value("Clip 5")


def test_everything_is_done_with_the_keyboard_alone(visit):
    page = visit("/#publish")
    expect(page.locator(".brand")).not_to_have_count(0)

    page.locator(".brand input").first.focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "paste":
            break
    page.keyboard.type("https://cdn.example.com/k/1.mp4 Teclado")
    page.keyboard.press("Control+Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start":
            break
    page.keyboard.press("Enter")

    shown = page.locator("#live .batch", has_text="1. Teclado")
    expect(shown.locator(".chip[data-status=completed]")).to_be_visible()
