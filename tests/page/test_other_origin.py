"""The page of an earlier service, on an origin of its own, does its whole job with this one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from storyclip.stack.stack import Stack
from tests.judge import published
from tests.page.conftest import WITHIN_MS, folder
from tests.whole.conftest import SANDBOX, SHORT

pytestmark = pytest.mark.browser


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a line for each."""

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the earlier page lives: another port, and so another origin."""
    files = partial(Quiet, directory=str(folder("tests/page/earlier")))
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def its_stack(tmp_path_factory: pytest.TempPathFactory, origin: str) -> Iterator[Stack]:
    environment = {**SHORT, "STORYCLIP_CORS_ORIGINS": origin}
    where = tmp_path_factory.mktemp("earlier")
    with Stack(where, sandbox_flags=SANDBOX, environment=environment) as running:
        yield running


@pytest.fixture
def page(browser: Browser, its_stack: Stack, origin: str) -> Iterator[Page]:
    """The earlier page, with a key of this service."""
    said = {"api": its_stack.url, "key": its_stack.api_key, "text": "ñ"}
    page = browser.new_page()
    page.set_default_timeout(WITHIN_MS)
    page.goto(f"{origin}/#{urlencode(said)}")
    yield page
    page.close()


def publish_on(page: Page, account: str) -> None:
    page.locator(f"#brand option[value='{account}']").wait_for(state="attached")
    page.select_option("#brand", account)
    page.click("#publish")


def test_it_publishes_for_a_brand_and_follows_it_to_its_end(page: Page, its_stack: Stack):
    publish_on(page, "2000001")

    expect(page.locator("#active li")).to_contain_text("clip_1,clip_2,clip_3")
    expect(page.locator("#status")).to_have_text("completed")
    expect(page.locator("#bar")).to_have_text("3/3")
    expect(page.locator("#clips li")).to_have_text(["published 300"] * 3)
    expect(page.locator("#errors li")).to_have_count(0)
    assert its_stack.sandbox is not None
    assert len(published(its_stack.sandbox.ledger(), "2000001", "facebook")) == 3


def test_it_looks_now_at_what_it_published(page: Page):
    publish_on(page, "2000002")
    expect(page.locator("#bar")).to_have_text("3/3")

    page.click("#look")

    expect(page.locator("#status")).to_have_text("looked: completed")
    expect(page.locator("#clips li")).to_have_text(["published 300"] * 3)


def test_it_shows_the_words_of_a_batch_that_failed(page: Page, its_stack: Stack):
    assert its_stack.sandbox is not None
    its_stack.sandbox.fault(fault="refuse", account="2000003", words="The page is gone")

    publish_on(page, "2000003")

    expect(page.locator("#status")).to_have_text("failed")
    expect(page.locator("#errors li")).to_contain_text("The page is gone")


def test_a_page_of_an_origin_that_is_not_named_can_do_nothing(
    browser: Browser, its_stack: Stack, origin: str
):
    said = urlencode({"api": its_stack.url, "key": its_stack.api_key})
    page = browser.new_page()
    page.goto(f"{origin.replace('127.0.0.1', 'localhost')}/#{said}")

    expect(page.locator("#errors li")).to_have_text("Failed to fetch")
    expect(page.locator("#brand option")).to_have_count(0)
    page.close()
