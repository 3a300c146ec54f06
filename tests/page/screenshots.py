"""Pictures of the page's main views, in docs/screenshots: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from storyclip.stack.stack import Stack
from tests.browser import chromium
from tests.page import files_pictured as files
from tests.page.conftest import ACCOUNTS, paste, posted, sign_in
from tests.whole.conftest import SHORT

OUT = Path(__file__).parents[2] / "docs/screenshots"
WIDTHS = (1280, 360)
STORY = ["Buenos días", "El mercado", "En la cocina", "El almuerzo está listo", "Hasta mañana"]
LONG = "La receta completa de la abuela, paso a paso y sin prisas: sofrito, caldo, reposo y mesa"


def main() -> None:
    """Start a stack, make something happen on it, and take the pictures."""
    path = chromium.executable()
    if path is None:
        raise SystemExit("No Chromium found: sh tests/browser/ensure.sh")
    OUT.mkdir(parents=True, exist_ok=True)
    flags = {"date_step": 2, "publish_delay": 1, "brands": 40}
    environment = {**SHORT, "STORYCLIP_DATE_STEP_S": "2"}
    with (
        tempfile.TemporaryDirectory() as data,
        Stack(Path(data), sandbox_flags=flags, environment=environment) as stack,
        chromium.browser(path) as browser,
    ):
        files.pictures(browser, stack, OUT)
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                _views(browser, stack, width, scheme)


def _views(browser: Browser, stack: Stack, width: int, scheme: Any) -> None:
    height = 800 if width > 600 else 740
    context = browser.new_context(
        base_url=stack.url,
        locale="es-ES",
        color_scheme=scheme,
        viewport={"width": width, "height": height},
    )
    page = context.new_page()
    page.set_default_timeout(60_000)

    def shoot(name: str) -> None:
        page.mouse.move(0, 0)
        page.screenshot(path=OUT / f"{name}-{width}{'-dark' if scheme == 'dark' else ''}.png")

    page.goto("/")
    if scheme == "light":
        shoot("signin")
    sign_in(context, stack)
    page.goto("/#publish")
    page.reload()
    page.wait_for_selector(".brand")
    if scheme == "light":
        _publish(page, shoot)
    _watch(page, stack, shoot, scheme)
    context.close()


def _publish(page: Page, shoot: Any) -> None:
    shoot("publish-empty")
    paste(page, "\n".join(f"https://cdn.example.com/lola/{n}.mp4 {t}" for n, t in enumerate(STORY)))
    page.locator("#clips-panel").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('#clips-panel').offsetTop - 12)")
    shoot("publish")
    paste(page, f"http://cdn.example.com/x.mp4 {LONG}\nhttps://10.0.0.8/y.mp4 Privado")
    page.evaluate("scrollTo(0, document.querySelector('#clips').offsetTop + 200)")
    shoot("publish-problems")
    page.locator(".choice:has([value=bestTime])").click()
    _made_up_best_times(page)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    shoot("publish-best-time")
    page.locator(".choice:has([value=scheduled])").click()
    page.fill("#date", "2027-10-31")
    page.fill("#time", "02:30")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    shoot("publish-twice")


def _made_up_best_times(page: Page) -> None:
    days = [
        {"dayOfWeek": day, "hours": [8 + (hour * 7 + day * 3) % 30 for hour in range(24)]}
        for day in range(1, 8)
    ]
    starts = ["2026-12-03T11:00:00Z", "2026-12-03T19:00:00Z", "2026-12-04T19:00:00Z"]
    answer = {
        "success": True,
        "timezone": "Europe/Madrid",
        "days": days,
        "next": [{"startsAt": at, "value": 37} for at in starts],
    }
    page.unroute("**/best-times?*")
    page.route("**/best-times?*", lambda route: route.fulfill(json=answer))
    page.fill("#zone", "Europe/Paris")
    page.fill("#zone", "Europe/Madrid")
    page.wait_for_selector("#heat table")


def _watch(page: Page, stack: Stack, shoot: Any, scheme: str) -> None:
    assert stack.sandbox is not None
    account = str(next(ACCOUNTS))
    words = "The video is longer than 60 seconds"
    stack.sandbox.fault(fault="refuse", account=account, times=1, skip=1, words=words)
    batch_id = posted(stack, 5, [STORY[0], LONG, *STORY[2:]], account)
    page.goto("/#live")
    page.reload()
    done = f"#live [data-batch='{batch_id}'] .chip[data-look=published]"
    page.locator(done).nth(1).wait_for()
    shoot("live")
    stack.sandbox.clear_faults()
    if scheme == "light":
        posted(stack, 100)
        page.locator("#live .batch").nth(1).wait_for()
        page.locator("#live summary").first.click()
        page.wait_for_timeout(2500)
        shoot("live-100-clips")
    page.goto("/#history")
    page.wait_for_selector(".past")
    page.locator(".past summary").nth(1 if scheme == "light" else 0).click()
    page.wait_for_selector("#history .clips")
    shoot("history")


if __name__ == "__main__":
    main()
