"""Files from the browser: carried over a broken line, refused in words, and published in order."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Locator, Page, Request, expect

from tests.media.films import film, fitting
from tests.page.conftest import choose_brand, paste, started, violations
from tests.page.spool_rows import published, those_made

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-people"), pytest.mark.timeout(180)]

BYTES_A_SECOND = 500_000
MADE_WITHIN_MS = 90_000  # ten seconds of film, niced, beside whatever else runs here


def choose(page: Page, *paths: Path) -> None:
    page.set_input_files("#media", list(paths))


def padded(folder: Path, size: int) -> Path:
    """A film that fits, made large by a box that players skip."""
    film = fitting().read_bytes()
    file = folder / "vertical.mp4"
    more = size - len(film)
    file.write_bytes(film + struct.pack(">I4s", more, b"free") + bytes(more - 8))
    return file


@contextmanager
def slow_line(page: Page) -> Iterator[None]:
    """So that there is a middle of what is sent."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    fast = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    slow = {**fast, "uploadThroughput": BYTES_A_SECOND}
    session.send("Network.emulateNetworkConditions", slow)
    yield
    session.send("Network.emulateNetworkConditions", fast)


def offset_of(asked: Request) -> list[int]:
    return [int(asked.headers["upload-offset"])] if asked.method == "PATCH" else []


def test_a_file_whose_line_breaks_at_a_third_goes_on_and_is_published(visit, stack, tmp_path):
    page = visit("/#publish")
    account, file = choose_brand(page), padded(tmp_path, 7_000_000)
    offsets: list[int] = []
    page.on("request", lambda asked: offsets.extend(offset_of(asked)))

    with slow_line(page):
        choose(page, file)
        at_a_third = re.compile(r"^[3-9]\d$")
        expect(page.locator(".meter")).to_have_attribute("aria-valuenow", at_a_third)
        stack.stop_program("web", 0)
    try:  # it stays away until all of it was seen
        expect(page.locator(".file-says")).to_contain_text("Sin conexión")
        expect(page.locator("#preflight")).to_contain_text("Falta un archivo")
        expect(page.locator("#start")).to_be_disabled()
    finally:
        stack.start_program("web")
    expect(page.locator(".file-says")).to_have_text("Listo para publicar")
    expect(page.locator(".poster img")).to_be_visible()
    paste(page, "https://cdn.example.com/f/2.mp4 Enlace")
    page.locator("#clips .clip-title").nth(0).press("Alt+ArrowDown")
    page.click("#start")
    shown = started(page, stack, account)

    expect(shown.locator(".clips .chip[data-look=published]")).to_have_count(2)
    expect(shown.locator(".clips .name").nth(1)).to_have_text("2. vertical")
    assert offsets[0] == 0
    assert 0 < offsets[1] < 7_000_000
    whole = hashlib.sha256(file.read_bytes()).hexdigest()
    assert published(stack, account) == ["https://cdn.example.com/f/2.mp4", whole]


def test_each_file_that_cannot_go_out_says_why_and_what_to_do(visit, tmp_path):
    page = visit("/#publish")
    notes, empty, cut_off = (tmp_path / name for name in ("n.pdf", "vacío.mp4", "cortado.mp4"))
    notes.write_bytes(b"%PDF")
    empty.write_bytes(b"")
    cut_off.write_bytes(fitting().read_bytes()[:20_000])
    large = tmp_path / "enorme.mov"
    with large.open("wb") as file:
        file.truncate(4_500_000_000)

    choose(page, notes, empty, cut_off, large)

    expect(page.locator("#drop-problem")).to_contain_text("«n.pdf» no es un vídeo ni una foto")
    expect(page.locator("#drop-problem")).to_contain_text("«vacío.mp4» está vacío")
    refused = page.locator("#clips .fatal")
    expect(refused).to_have_count(2)
    expect(refused.nth(0)).to_contain_text("le falta el final")
    expect(refused.nth(0)).to_contain_text("Vuelve a exportarlo")
    expect(refused.nth(1)).to_contain_text("ocupa 4.500.000.000 bytes y se admiten 4.000.000.000")
    expect(page.locator("#preflight")).to_contain_text("2 cosas")
    # "Súbelo otra vez" has to be true after the page was loaded anew as well
    assert page.evaluate("JSON.parse(localStorage.getItem('storyclip.uploads'))") == []
    for _ in range(2):
        page.locator("#clips .clip-buttons button").last.click()
    expect(page.locator("#preflight")).to_have_text("Añade al menos un clip.")


def test_a_file_that_is_gone_when_it_is_to_be_published_is_said(visit, stack):
    page = visit("/#publish")
    with page.expect_response(lambda answer: answer.request.method == "POST") as begun:
        choose(page, fitting())
    expect(page.locator(".file-says")).to_have_text("Listo para publicar")
    where = f"{stack.url}{begun.value.headers['location']}"
    key = {"X-Api-Key": stack.api_key, "Tus-Resumable": "1.0.0"}
    assert requests.delete(where, headers=key).status_code == 204

    page.click("#start")

    expect(page.locator("#clips .fatal")).to_contain_text("StoryClip ya no tiene este archivo")
    expect(page.locator("#preflight")).to_contain_text("Hay que arreglar una cosa")


def test_a_film_is_cut_and_framed_on_the_page_and_its_pieces_go_out_in_order(visit, stack):
    page = visit("/#publish", reduced_motion="reduce", viewport={"width": 360, "height": 800})
    account = choose_brand(page)
    choose(page, film(seconds=10.0, size="640x480", rate="24"), fitting())
    row = page.locator("#clips > li").nth(0)
    expect(page.locator(".shape summary")).to_have_count(2)

    row.locator(".shape summary").click()
    row.locator(".choice:has([value=crop])").click()
    row.locator(".cutter button").nth(0).click()
    mark = row.get_by_role("slider")
    expect(mark).to_be_focused()
    expect(mark).to_have_attribute("aria-valuenow", "5")
    mark.press("ArrowLeft")
    mark.press("Home")
    mark.press("ArrowLeft")  # no piece is shorter than a story may be
    expect(mark).to_have_attribute("aria-valuenow", "3")
    drag_to(page, mark, row.locator(".strip"), 0.6)
    expect(mark).to_have_attribute("aria-valuenow", re.compile(r"^(5\.9|6|6\.1)$"))
    expect(page.locator("#preflight")).to_contain_text("por preparar")
    cut = "saldrá en 2 historias seguidas"
    expect(row.locator(".file-says")).to_contain_text(cut, timeout=MADE_WITHIN_MS)
    expect(mark).to_be_focused()
    page.click("#preview-next")
    expect(page.locator("#preview-says")).to_contain_text("Historia 2 de 3 · ")
    expect(page.locator("#preview-says")).to_contain_text("parte 2 de 2 · 0:04")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#start")
    shown = started(page, stack, account)

    expect(shown.locator(".clips .chip[data-look=published]")).to_have_count(3)
    shown.locator(".clips > li").last.scroll_into_view_if_needed()
    expect(shown.locator(".thumb[style*=background-image]")).to_have_count(3)
    known = those_made(stack)
    live = [known[sha256] for sha256 in published(stack, account)]
    assert live == [(1, "crop"), (2, "crop"), (1, "blurred")]


def drag_to(page: Page, mark: Locator, strip: Locator, part: float) -> None:
    mark.scroll_into_view_if_needed()
    begin, along = mark.bounding_box(), strip.bounding_box()
    assert begin is not None
    assert along is not None
    page.mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + 10)
    page.mouse.down()
    page.mouse.move(along["x"] + along["width"] * part, begin["y"] + 10, steps=4)
    page.mouse.up()
