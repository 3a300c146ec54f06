"""The screen of administrators: who is let in, with which keys, who is signed in."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from storyclip.stack.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-people")]

SIZES = [(1280, "light"), (360, "dark")]
PASSWORD = "correct horse battery"
NAMES = count(1)


def invited(page: Page, name: str) -> str:
    """Invite somebody with the keyboard alone; return their link."""
    page.get_by_text("Invitar a alguien").press("Enter")
    page.locator("#invite-id").fill(name)
    page.locator("#invite-name").fill(f"Eva {name}")
    page.locator("#invite-accounts input[type=checkbox]").nth(1).check()
    page.locator("#invite-name").press("Enter")
    field = page.locator("#shown-once input")
    expect(field).to_be_visible()
    return field.input_value()


def is_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def fits(page: Page) -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size is not None
    return wide <= page.viewport_size["width"]


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_somebody_is_invited_comes_in_and_is_sent_away(
    visit, browser: Browser, stack: Stack, width, scheme
):
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page, name = visit("/#people", **look), f"eva{next(NAMES)}"
    link = invited(page, name)
    is_accessible(page)
    assert fits(page)

    hers = browser.new_context(base_url=stack.url, locale="es-ES", **look)
    her_page = hers.new_page()
    her_page.goto(link)
    expect(her_page.locator("#join-who")).to_contain_text(f"Eva {name}")
    her_page.fill("#join-password", "corta")
    her_page.press("#join-password", "Enter")
    is_accessible(her_page)
    her_page.fill("#join-password", PASSWORD)
    her_page.click("#join button.primary")
    expect(her_page.locator("#line")).to_have_attribute("data-state", "live")
    expect(her_page.locator("[data-view=people]")).to_have_count(0)

    her_page.click("#me-open")
    is_accessible(her_page)
    her_page.fill("#me-current", "another that is long")
    her_page.fill("#me-password", f"{PASSWORD} again")
    her_page.press("#me-password", "Enter")
    expect(her_page.locator("#me-problem")).to_have_text("La de ahora no es esa.")
    her_page.fill("#me-current", PASSWORD)
    her_page.press("#me-current", "Enter")
    expect(her_page.locator("#news")).to_contain_text("Contraseña cambiada")
    assert fits(her_page)

    person = page.locator(f".person[data-user={name}]")
    person.locator("summary").click()
    person.get_by_role("button", name="Desactivar").click()
    expect(page.locator("#ask-no")).to_be_focused()
    page.click("#ask-yes")
    expect(person.locator(".chip").first).to_have_text("Desactivada")
    expect(her_page.locator("#signin")).to_be_visible()  # within a second she is at the door
    her_page.fill("#user", name)
    her_page.fill("#password", f"{PASSWORD} again")
    her_page.click("#with-password button")
    expect(her_page.locator("#signin-problem")).to_contain_text("no son correctos")
    hers.close()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_a_key_is_made_shown_once_and_revoked_and_a_session_ended(
    visit, browser: Browser, stack: Stack, width, scheme
):
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = visit("/#people", **look)
    page.locator("[name=people-part][value=keys]").check(force=True)
    page.get_by_text("Crear una clave", exact=True).click()
    expect(page.locator("#key-user option").first).to_be_attached()
    page.locator("#new-key button").click()
    key = page.locator("#key-once input").input_value()
    assert key.startswith("sc_")
    is_accessible(page)
    assert fits(page)
    other = browser.new_context(base_url=stack.url, locale="es-ES", **look)
    said: Any = {"data": {"apiKey": key}, "headers": {"Origin": stack.url}}
    assert other.request.post(f"{stack.url}/session", **said).ok

    page.locator("[name=people-part][value=sessions]").check(force=True)
    theirs = page.locator("#sessions-list .panel").filter(has_not_text="esta sesión").first
    expect(theirs).to_contain_text("con clave")
    is_accessible(page)
    assert fits(page)
    theirs.get_by_role("button", name="Cerrar").click()
    page.click("#ask-yes")
    expect(page.locator("#news")).to_have_text("Sesión cerrada")

    page.locator("[name=people-part][value=keys]").check(force=True)
    expect(page.locator("#people-keys")).not_to_have_attribute("aria-busy", "true")  # not of before
    row = page.locator("#keys-list .panel").filter(has_text=key.split("_")[1])
    row.get_by_role("button", name="Revocar").click()
    page.click("#ask-yes")
    expect(row).to_have_count(0)
    assert not other.request.post(f"{stack.url}/session", **said).ok
    page.locator("[name=people-part][value=audit]").check(force=True)
    expect(page.locator("#audit-list")).to_contain_text(f"Clave revocada {key.split('_')[1]}")
    is_accessible(page)
    assert fits(page)
    other.close()


def test_what_is_in_the_way_is_said_in_spanish(visit):
    page = visit("/#people")
    name = f"eva{next(NAMES)}"
    invited(page, name)
    page.locator("#invite-id").fill(name)
    page.locator("#invite-id").press("Enter")

    expect(page.locator("#people-problem")).to_contain_text("Ya hay una persona con ese usuario")


def test_a_language_is_chosen_on_the_page_of_a_link_without_losing_it(browser, stack):
    context = browser.new_context(base_url=stack.url, locale="es-ES")
    page = context.new_page()
    page.goto("/join#made-up")
    expect(page.locator("#join-problem")).to_contain_text("Este enlace ya se ha usado")

    page.click(".languages a[lang=en]")

    expect(page.locator("#join-problem")).to_contain_text("This link was used already")
    assert page.url.endswith("#made-up")
    context.close()
