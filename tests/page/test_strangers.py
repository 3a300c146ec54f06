"""After rows were lost: the page asks whose some stories are, and goes on once it is said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from storyclip.stack.stack import Stack
from storyclip.store.instants import to_text
from tests.api import Api
from tests.eventually import eventually
from tests.page.conftest import ACCOUNTS, BLANK, batches_of, card, posted

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-people")]


TITLES = ["La receta de la abuela, paso a paso y sin prisas", "El mercado"]
TABLES = ("publish_batch_events", "publish_batch_clips", "publish_batches")

LOOKS_AGAIN = (
    "import(document.querySelector('script[src*=app]').src.replace('app.', 'strangers.'))"
    ".then((strangers) => strangers.look())"
)


@pytest.fixture
def account(stack: Stack) -> Iterator[str]:
    """An account with two stories that went out, and whose batch is asked for once more.

    Its rows are gone, as by a backup from before it, and its client heard nothing of it.
    """
    account = str(next(ACCOUNTS))
    posted(stack, 2, TITLES, account)
    eventually(lambda: batches_of(stack, account)[0]["status"] == "completed")
    _forget(stack, account)
    posted(stack, 2, TITLES, account)
    eventually(lambda: batches_of(stack, account)[0]["status"] == "paused")
    yield account
    api = Api(stack.url, stack.api_key)
    for lane in api.get("recover").json()["held"]:  # of a test that failed: the next one asks anew
        not_ours = [one["name"] for one in lane["strangers"]]
        said = {"accountId": lane["accountId"], "network": lane["network"], "notOurs": not_ours}
        assert api.ask("POST", "recover", json=said).ok


def _forget(stack: Stack, account: str) -> None:
    since, now = (to_text(datetime.now(UTC) - timedelta(seconds=s)) for s in (60, 0))
    with closing(sqlite3.connect(stack.data_dir / "storyclip.db", timeout=10)) as db, db:
        [(lane_id,)] = db.execute("SELECT id FROM lanes WHERE account_id = ?", (account,))
        [(batch_id,)] = db.execute(
            "SELECT batch_id FROM publish_batches WHERE lane_id = ?", (lane_id,)
        )
        clip_ids = "SELECT id FROM publish_batch_clips WHERE batch_id = ?"
        db.execute(f"DELETE FROM publish_sends WHERE clip_id IN ({clip_ids})", (batch_id,))
        for table in TABLES:
            db.execute(f"DELETE FROM {table} WHERE batch_id = ?", (batch_id,))
        db.execute(
            "UPDATE lanes SET doubted_since = ?, doubted_until = ? WHERE id = ?",
            (since, now, lane_id),
        )


def test_a_card_that_offers_more_than_is_possible_offers_what_helps_once_it_is_refused(
    visit, stack, account
):
    batch_id = batches_of(stack, account)[0]["batchId"]
    page = visit(BLANK, viewport={"width": 1280, "height": 900})
    page.route("**/recover", lambda route: route.fulfill(json={"held": []}))  # as of just before
    page.goto(f"{stack.url}/#live")
    held = card(page, batch_id)
    held.get_by_role("button", name="Cancelar").click()

    page.unroute("**/recover")
    page.locator("#ask-yes").click()

    expect(held.get_by_role("button", name="Decir de quién son")).to_be_visible()
    expect(held.get_by_role("button", name="Cancelar")).to_have_count(0)
    expect(held.get_by_role("button", name="Reanudar")).to_have_count(0)
    expect(held).to_contain_text("No se ha cambiado nada")
    page.locator("#strangers section").get_by_role("button").click()
    expect(held.locator("[data-status=completed]")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_asks_whose_they_are_and_the_batch_goes_on(visit, stack, account, width):
    page = visit("/#live", viewport={"width": width, "height": 900})
    batch_id = batches_of(stack, account)[0]["batchId"]
    asked = page.locator("#strangers section")
    expect(asked).to_have_count(1)
    expect(asked.locator("h2")).to_contain_text("¿de quién son estas historias?")
    expect(asked.locator("li")).to_have_count(2)
    expect(asked.locator("option:checked").first).to_contain_text("La receta de la abuela")
    expect(asked.locator("option:checked").last).to_contain_text("El mercado")
    expect(card(page, batch_id)).to_contain_text("En pausa")
    expect(card(page, batch_id).get_by_role("button", name="Reanudar")).to_have_count(0)
    card(page, batch_id).get_by_role("button", name="Decir de quién son").click()
    expect(asked.locator("select").first).to_be_focused()
    narrow = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    asked.locator("select").last.select_option("notOurs")  # the news of others change nothing of it
    page.evaluate(LOOKS_AGAIN)
    expect(asked.locator("select").last).to_have_value("notOurs")
    asked.locator("select").last.select_option(index=1)

    asked.get_by_role("button").click()

    expect(page.locator("#strangers section")).to_have_count(0)
    expect(card(page, batch_id).locator("[data-status=completed]")).to_be_visible()
    assert narrow
    assert [one["id"] for one in violations] == []
