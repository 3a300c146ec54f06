"""Two films as people have them, from a drop to five stories live, looked at on the way.

A phone's vertical one, and three minutes of 4:3 in HEVC that are cut: about four minutes of work
for two cores. What went live is held against what was prepared, by hash and in order.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect

from storyclip.stack.stack import Stack
from tests.media.films import film
from tests.page.conftest import batches_of, choose_brand, sign_in, started
from tests.page.spool_rows import published, those_made

READY_MS = 900_000
SIZES = ((1280, 800), (360, 740))
HEVC = (
    *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=1"),
    *("-tag:v", "hvc1", "-f", "mov", "-pix_fmt", "yuv420p"),
)
Shoot = Callable[[str], None]


def pictures(browser: Browser, stack: Stack, out: Path) -> None:
    """Drop them, take pictures, publish, and check that five stories are live in order."""
    moving = "gradients=c0=0xf4a259:c1=0x5b8e7d:c2=0xbc4b51:c3=0x8cb369:n=4:seed=7:speed=0.03"
    long = _named(film(180, "320x240", "24", HEVC, picture=moving), "La receta de la abuela.mov")
    upright = _named(film(8, "540x960", picture=moving), "Buenos días.mp4")
    for width, height in SIZES:
        page, shoot = _opened(browser, stack, out, width, height)
        account = choose_brand(page)
        page.set_input_files("#media", [long, upright])
        if width == SIZES[0][0]:
            expect(page.locator(".poster img")).to_have_count(2, timeout=READY_MS)
            _look_at(page, "#clips-panel")
            shoot("publish-files-preparing")
        else:
            _look_at(page, "#clips-panel")
            shoot("publish-files-empty")
        says = page.locator(".file-says[data-stage=ready]")
        expect(says).to_have_count(2, timeout=READY_MS)
        expect(says.first).to_contain_text("4 historias")
        page.click("#preview-next")
        page.click("#preview-next")
        expect(page.locator("#preview-says")).to_contain_text("parte 3 de 4")
        _look_at(page, ".sequence")
        shoot("publish-files")
        if width == SIZES[1][0]:
            _look_at(page, "#preview")
            shoot("publish-files-preview")
        page.click("#start")
        card = started(page, stack, account)
        expect(card.locator(".chip[data-look=published]")).to_have_count(2, timeout=READY_MS)
        shoot("live-files")
        expect(card.locator(".chip[data-look=published]")).to_have_count(5, timeout=READY_MS)
        assert len(batches_of(stack, account)) == 1
        made = those_made(stack)
        assert [made[sha256].number for sha256 in published(stack, account)] == [1, 2, 3, 4, 1]
        page.context.close()


def _named(film_made: Path, name: str) -> Path:
    return film_made.rename(film_made.with_name(name))


def _opened(
    browser: Browser, stack: Stack, out: Path, width: int, height: int
) -> tuple[Page, Shoot]:
    size = ViewportSize(width=width, height=height)
    context = browser.new_context(base_url=stack.url, locale="es-ES", viewport=size)
    sign_in(context, stack)
    page = context.new_page()
    page.goto("/#publish")
    page.wait_for_selector(".brand")

    def shoot(name: str) -> None:
        page.mouse.move(0, 0)
        page.screenshot(path=out / f"{name}-{width}.png")

    return page, shoot


def _look_at(page: Page, what: str) -> None:
    page.evaluate(f"scrollTo(0, document.querySelector('{what}').offsetTop - 12)")
