"""Watching from a page of another origin: our module, and the browser's bare EventSource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import count

import pytest
from playwright.sync_api import Browser, Page

from storyclip.stack.child import CHECKOUT
from storyclip.stack.stack import Stack
from tests.api import Api, sources
from tests.terminal.answering import answering
from tests.whole.conftest import SANDBOX, SHORT

MODULE = CHECKOUT / "storyclip/web/page/static/progress.js"
MAX_LINES = 150
WITHIN_MS = 60_000
ACCOUNTS = count(2_000_001)
OURS = """async ([url, key, batchId]) => {
    const { watch, ticketFrom } = await import("/progress.js");
    Object.assign(window, { seen: [], states: [], reasons: [], tickets: 0, snapshots: 0 });
    window.watching = watch({
        url, batchId,
        ticket: () => { window.tickets += 1; return window.ticket ?? ticketFrom(url, key); },
        onSnapshot: () => { window.snapshots += 1; },
        onEvent: (event) => window.seen.push(event.seq),
        onState: (state, reason) => { window.states.push(state); window.reasons.push(reason); },
    });
}"""
STOCK = """async ([url, key, batchId]) => {
    const { ticketFrom } = await import("/progress.js");
    const ticket = await ticketFrom(url, key);
    Object.assign(window, { seen: [], states: [] });
    const source = new EventSource(
        `${url}/api/metricool/stream?batchId=${batchId}&ticket=${ticket}`);
    source.onmessage = (message) => window.seen.push(JSON.parse(message.data).seq);
    source.onerror = () => window.states.push("reconnecting");
    source.addEventListener("snapshot", () => window.states.push("live"));
    source.addEventListener("end", () => { source.close(); window.states.push("ended"); });
}"""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class OtherPage(BaseHTTPRequestHandler):
    """Another front end, which has copied the module."""

    def do_GET(self):
        is_module = self.path == "/progress.js"
        body = MODULE.read_bytes() if is_module else b"<!doctype html><title>Other</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_module else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with answering(OtherPage) as url:
        yield url


@pytest.fixture(scope="module")
def stack(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {**SHORT, "STORYCLIP_CORS_ORIGINS": origin}
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, sandbox_flags=SANDBOX, environment=settings) as stack:
        yield stack


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(WITHIN_MS)
    page.goto(origin)
    yield page
    page.close()


def published(stack: Stack, clips: int) -> str:
    account = str(next(ACCOUNTS))
    return Api(stack.url, stack.api_key).accepted(sources(account, clips), account)


def all_seqs(stack: Stack, batch_id: str) -> list[int]:
    status = Api(stack.url, stack.api_key).status(batch_id)
    return list(range(1, status["lastSeq"] + 1))


@pytest.mark.parametrize("script", [OURS, STOCK], ids=["ours", "the bare EventSource"])
def test_a_page_sees_every_event_once_though_the_web_goes_away_in_between(stack, page, script):
    batch_id = published(stack, 8)
    page.evaluate(script, [stack.url, stack.api_key, batch_id])

    page.wait_for_function("seen.length >= 4")
    stack.stop_program("web", 0)
    page.wait_for_function("states.includes('reconnecting')")
    stack.start_program("web")
    page.wait_for_function("states.at(-1) === 'ended'")

    assert page.evaluate("seen") == all_seqs(stack, batch_id)
    assert page.evaluate("states.filter((state) => state === 'live').length") == 2


def test_every_connection_shows_a_ticket_of_its_own(stack, page):
    batch_id = published(stack, 6)
    shown = []
    page.on("request", lambda request: shown.append(request.url))
    page.evaluate(OURS, [stack.url, stack.api_key, batch_id])

    page.wait_for_function("seen.length >= 2")
    stack.stop_program("web", 0)
    page.wait_for_function("states.includes('reconnecting')")
    stack.start_program("web")
    page.wait_for_function("states.at(-1) === 'ended'")

    streams = [url for url in shown if "/stream?" in url]
    assert len(streams) >= 2
    assert len({url.split("ticket=")[1] for url in streams}) == len(streams)
    assert page.evaluate("seen") == all_seqs(stack, batch_id)
    assert not [url for url in shown if stack.api_key in url]


@pytest.mark.parametrize(
    ("ticket", "batch", "reason"),
    [
        ("made-up", None, "The ticket is not good any more"),
        (None, "no-such-batch", "Not found"),
    ],
)
def test_what_asking_again_does_not_help_against_is_refused_with_the_reason(
    stack, page, ticket, batch, reason
):
    page.evaluate("(ticket) => { window.ticket = ticket ?? undefined; }", ticket)

    page.evaluate(OURS, [stack.url, stack.api_key, batch or published(stack, 1)])
    page.wait_for_function("states.at(-1) === 'refused'")

    assert page.evaluate("states") == ["connecting", "refused"]
    assert page.evaluate("reasons.at(-1)") == reason


def test_a_wrong_key_gets_no_ticket_and_that_is_refused(stack, page):
    page.evaluate(OURS, [stack.url, "wrong", "x"])

    page.wait_for_function("states.at(-1) === 'refused'")

    assert page.evaluate("tickets") == 1


def test_who_stops_hears_nothing_more_and_can_go_on_from_the_cursor(stack, page):
    batch_id = published(stack, 4)
    page.evaluate(OURS, [stack.url, stack.api_key, batch_id])
    page.wait_for_function("seen.length >= 3")

    first, cursor = page.evaluate("(watching.stop(), [[...seen], watching.cursor])")
    page.evaluate(
        """async ([url, key, batchId, after]) => {
            const { watch, ticketFrom } = await import("/progress.js");
            window.rest = [];
            const ticket = () => ticketFrom(url, key);
            await new Promise((done) => watch({ url, batchId, after, ticket,
                onEvent: (event) => window.rest.push(event.seq),
                onState: (state) => state === "ended" && done() }));
        }""",
        [stack.url, stack.api_key, batch_id, cursor],
    )

    assert page.evaluate("seen") == first
    assert first + page.evaluate("rest") == all_seqs(stack, batch_id)
    assert json.dumps(first[-1]) == cursor


def test_the_module_is_short_and_needs_nothing():
    source = MODULE.read_text(encoding="utf-8")

    assert source.count("\n") <= MAX_LINES
    assert not [line for line in source.splitlines() if line.startswith("import ")]
