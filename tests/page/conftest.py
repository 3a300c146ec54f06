"""The page in a real Chromium, on the real stack: what it shows, and what it asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from storyclip.stack.stack import Stack
from tests.api import Api
from tests.eventually import eventually
from tests.whole.conftest import SANDBOX, SHORT

WITHIN_MS = 30_000
BLANK = "about:blank"
ACCOUNTS = count(2_000_010)  # each test its own, so that none waits for another's lane

Visit = Callable[..., Page]
expect.set_options(timeout=WITHIN_MS)


class Watched:
    """What a page did that nobody sees: requests, violations of the policy, errors, dialogs."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.trouble: list[str] = []

    def listen(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("console", lambda said: self._console(said.type, said.text))

    def _dialog(self, dialog: Any) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        if "Content Security Policy" in text or (kind == "error" and "Failed to load" not in text):
            self.trouble.append(text)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(
        tmp_path_factory.mktemp("page"), sandbox_flags=SANDBOX, environment=SHORT
    ) as running:
        yield running


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def visit(browser: Browser, stack: Stack, watched: Watched) -> Iterator[Visit]:
    """Open the page signed in, and hear what happens from then on.

    Each visit is a browser of its own, unless one is handed in. Until its stream is there a page
    knows nothing of a batch: what is over by then has no card, however long one waits for it.
    With `clock_at` it goes by a clock that the test moves, from its first moment on.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "/",
        *,
        context: BrowserContext | None = None,
        clock_at: datetime | str | None = None,
        **how: Any,
    ) -> Page:
        if context is None:
            context = browser.new_context(base_url=stack.url, **{"locale": "es-ES", **how})
            contexts.append(context)
            sign_in(context, stack)
        if clock_at is not None:
            context.clock.install(time=clock_at)
        page = context.new_page()
        page.set_default_timeout(WITHIN_MS)
        watched.listen(page)
        page.goto(path)
        if path != BLANK:
            expect(page.locator("#line")).to_have_attribute("data-state", "live")
        return page

    yield open_page
    for context in contexts:
        context.close()
    api = Api(stack.url, stack.api_key)
    for batch in api.get("batches/active").json()["batches"]:  # the next test's page shows none
        api.wish("cancel", batch["batchId"])
    origins = {urlsplit(url).netloc for url in watched.requests} - {""}
    assert origins <= {urlsplit(stack.url).netloc}
    assert watched.trouble == []


def sign_in(context: BrowserContext, stack: Stack) -> None:
    answer = context.request.post(
        f"{stack.url}/session", data={"apiKey": stack.api_key}, headers={"Origin": stack.url}
    )
    assert answer.ok, answer.text()


def posted(
    stack: Stack, clips: int, titles: list[str] | None = None, account: str | None = None
) -> str:
    """Have a batch published over the API, and return its id."""
    account = account or str(next(ACCOUNTS))
    titles = titles or [f"Clip número {n}" for n in range(1, clips + 1)]
    posts = [
        {"url": f"https://cdn.example.com/{account}/{n}.mp4", "text": title}
        for n, title in enumerate(titles, start=1)
    ]
    return Api(stack.url, stack.api_key).accepted(posts, account)


def batches_of(stack: Stack, account: str) -> list[dict[str, Any]]:
    batches = Api(stack.url, stack.api_key).batches()
    return [batch for batch in batches if batch["accountId"] == account]


def started(page: Page, stack: Stack, account: str) -> Locator:
    """The card of the batch that the page has just had accepted for an account."""
    eventually(lambda: batches_of(stack, account))
    found: Locator = card(page, batches_of(stack, account)[0]["batchId"])
    found.wait_for()
    return found


def choose_brand(page: Page) -> str:
    """Choose a brand that no other test has, and return its account."""
    account = str(next(ACCOUNTS))
    page.locator(f".brand input[value='{account}']").check(force=True)
    return account


def paste(page: Page, text: str) -> None:
    page.fill("#paste", text)
    page.click("#add")


def card(page: Page, batch_id: str) -> Any:
    return page.locator(f"#live [data-batch='{batch_id}']")


def has_published(page: Page, batch_id: str, count: int) -> None:
    card(page, batch_id).locator(".chip[data-look=published]").nth(count - 1).wait_for()


def violations(page: Page, view: str = "") -> list[str]:
    """The rules of accessibility that the page breaks as it stands."""
    response = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{view}: {one['id']} {[node['target'] for node in one['nodes']][:3]}"
        for one in response["violations"]
    ]


def folder(name: str) -> Path:
    return Path(__file__).parents[2] / name
