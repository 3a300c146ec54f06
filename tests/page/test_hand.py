"""The user's hand on a batch from the page, answered by the real service."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import (
    ACCOUNTS,
    batches_of,
    card,
    choose_brand,
    has_published,
    paste,
    posted,
)

IN_HAND = ", ".join(
    f".clips .chip[data-look={look}]" for look in ("uploading", "verifying", "waiting_confirmation")
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page")]


def press(page: Page, batch_id: str, label: str) -> None:
    card(page, batch_id).get_by_role("button", name=label, exact=True).click()


def counts(page: Page, batch_id: str) -> str:
    return str(card(page, batch_id).locator(".counts").inner_text())


def status_is(page: Page, batch_id: str, status: str) -> None:
    expect(card(page, batch_id).locator(f"[data-status={status}]")).to_be_visible()


def test_a_paused_batch_stands_still_and_once_resumed_is_published_whole(visit, stack):
    page = visit("/#live")
    batch_id = posted(stack, 6)
    has_published(page, batch_id, 1)

    press(page, batch_id, "Pausar")
    status_is(page, batch_id, "paused")
    expect(card(page, batch_id).locator(IN_HAND)).to_have_count(0)
    stood_at = counts(page, batch_id)
    page.wait_for_timeout(3000)  # a clip takes half of that
    assert counts(page, batch_id) == stood_at != "6 de 6 publicados"
    press(page, batch_id, "Reanudar")

    status_is(page, batch_id, "completed")
    assert counts(page, batch_id) == "6 de 6 publicados"


def test_a_cancelled_batch_says_what_is_out_and_what_is_not(visit, stack):
    page = visit("/#live")
    batch_id = posted(stack, 10)
    has_published(page, batch_id, 1)

    press(page, batch_id, "Cancelar")
    expect(page.locator("#ask-text")).to_contain_text("No se puede deshacer")
    page.click("#ask-yes")

    status_is(page, batch_id, "cancelled")
    out, total, withdrawn = map(int, re.findall(r"\d+", counts(page, batch_id)))
    assert out >= 1
    assert out + withdrawn == total == 10


def test_a_clip_retried_behind_later_ones_is_asked_about_and_then_published(visit, stack):
    assert stack.sandbox is not None
    account, words = str(next(ACCOUNTS)), "El vídeo dura demasiado"
    stack.sandbox.fault(fault="refuse", times=1, words=words, account=account)
    page = visit("/#live")
    batch_id = posted(stack, 2, account=account)
    status_is(page, batch_id, "completed")
    stack.sandbox.clear_faults()
    assert counts(page, batch_id) == "1 de 2 publicados · 1 con fallo"

    card(page, batch_id).get_by_role("button", name="Reintentar").first.click()
    expect(page.locator("#ask-text")).to_contain_text("Clips after 1")
    page.click("#ask-yes")

    expect(card(page, batch_id).locator(".counts")).to_have_text("2 de 2 publicados")


def test_a_batch_with_a_date_says_it_and_can_be_withdrawn(visit, stack):
    page = visit("/#publish")
    account = choose_brand(page)
    paste(page, "https://cdn.example.com/d/1.mp4\nhttps://cdn.example.com/d/2.mp4")
    page.locator(".choice:has([value=scheduled])").click()
    page.fill("#zone", "America/Sao_Paulo")
    page.fill("#date", "2027-02-01")
    page.fill("#time", "18:00")
    expect(page.locator("#when-says")).to_contain_text("21:00 UTC")

    page.click("#start")
    about = page.locator("#live .batch header", has_text="America/Sao_Paulo")
    expect(about).to_contain_text("Sale 1 feb, 18:00, hora de America/Sao_Paulo")
    [batch] = batches_of(stack, account)
    assert batch["schedule"]["scheduledAt"] == "2027-02-01T21:00:00.000Z"
    press(page, batch["batchId"], "Cancelar")
    page.click("#ask-yes")

    status_is(page, batch["batchId"], "cancelled")
    assert counts(page, batch["batchId"]) == "0 de 2 publicados · 2 cancelados"


def test_the_best_time_is_chosen_by_the_service_and_said_with_its_rule(visit, stack):
    page = visit("/#publish")
    account = choose_brand(page)
    paste(page, "https://cdn.example.com/b/1.mp4\nhttps://cdn.example.com/b/2.mp4")
    page.locator(".choice:has([value=bestTime])").click()
    expect(page.locator("#heat table")).to_be_visible()

    page.click("#start")
    about = page.locator("#live .batch header", has_text="cada clip en una de las mejores horas")
    expect(about).to_be_visible()
    [batch] = batches_of(stack, account)
    assert batch["publishMode"] == "bestTime"
    press(page, batch["batchId"], "Cancelar")
    page.click("#ask-yes")

    status_is(page, batch["batchId"], "cancelled")
