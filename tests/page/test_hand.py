"""The user's hand on a batch from the page, answered by the real service."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storyclip.domain.clip_words import catalogue, facts_of, say, told
from storyclip.stack.stack import Stack
from tests.domain.saying import facts_for
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

# Of these the page says which button to press
BY_A_BUTTON = {"order_lost", "unproven", "forbidden", "forbidden_taken_back", "not_brought"}
PARAMETER = re.compile(r"confirm[A-Z]|=true")

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-batches")]


def press(page: Page, batch_id: str, label: str) -> None:
    card(page, batch_id).get_by_role("button", name=label, exact=True).click()


def counts(page: Page, batch_id: str) -> str:
    return str(card(page, batch_id).locator(".counts").inner_text())


def created(stack: Stack, account: str) -> list[dict[str, Any]]:
    """The posts that were made on an account, by the sandbox's ledger."""
    assert stack.sandbox is not None
    ledger = stack.sandbox.ledger()
    return [line for line in ledger if (line["event"], line["account"]) == ("created", account)]


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

    expect(card(page, batch_id).locator(".counts")).to_have_text("6 de 6 publicados")


def test_a_cancelled_batch_says_what_is_out_and_what_is_not(visit, stack):
    page = visit("/#live")
    batch_id = posted(stack, 10)
    has_published(page, batch_id, 1)

    card(page, batch_id).get_by_role("button", name="Cancelar", exact=True).hover()
    page.mouse.down()
    has_published(page, batch_id, 2)  # while the button is held down
    page.mouse.up()
    expect(page.locator("#ask-text")).to_contain_text("No se puede deshacer")
    page.click("#ask-yes")

    status_is(page, batch_id, "cancelled")
    out, total, withdrawn = map(int, re.findall(r"\d+", counts(page, batch_id)))
    assert out >= 2
    assert out + withdrawn == total == 10


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


def test_what_was_not_confirmed_is_looked_for_and_sent_again_by_a_persons_word_alone(visit, stack):
    assert stack.sandbox is not None
    account, other = str(next(ACCOUNTS)), str(next(ACCOUNTS))
    for one in (account, other):
        stack.sandbox.fault(fault="never_publishes", times=1, account=one)
    page = visit("/#live")
    batch_id, gone = posted(stack, 1, account=account), posted(stack, 2, account=other)
    check = card(page, batch_id).get_by_role("button", name="Comprobar")
    expect(card(page, batch_id).locator(".clips .chip[data-look=unconfirmed]")).to_be_visible()

    check.click()
    expect(card(page, batch_id).get_by_text("Metricool puede tenerlo aún")).to_be_visible()
    [made] = created(stack, account)
    stack.sandbox.force(int(made["postId"]), status="PUBLISHED")
    check.click()

    expect(card(page, batch_id).locator(".counts")).to_have_text("1 de 1 publicados")
    assert len(created(stack, account)) == 1
    expect(card(page, gone).locator(".counts")).to_have_text("1 de 2 publicados · 1 sin confirmar")
    stack.sandbox.person("delete", postId=created(stack, other)[0]["postId"])
    assert not PARAMETER.search(said_before_it_is_sent_behind_later_ones(page, gone))
    expect(card(page, gone).locator(".counts")).to_have_text("2 de 2 publicados")
    assert len(created(stack, other)) == 3


def said_before_it_is_sent_behind_later_ones(page: Page, batch_id: str) -> str:
    """Have a clip that is not there sent again, once refused; return all that was said."""
    check = card(page, batch_id).get_by_role("button", name="Comprobar")
    asked, no = page.locator("#ask"), page.locator("#ask-no")
    check.click()
    expect(asked).to_contain_text("solo si no está en ninguno de los dos")
    expect(no).to_be_focused()
    no.click()
    expect(card(page, batch_id).get_by_text("no se ha enviado otra vez")).to_be_visible()
    said = str(card(page, batch_id).inner_text())
    check.click()
    said += str(asked.inner_text())
    page.click("#ask-yes")
    expect(asked).to_contain_text("posteriores al 1 que ya han salido")
    expect(no).to_be_focused()
    said += str(asked.inner_text())
    page.click("#ask-yes")
    return said


@pytest.mark.parametrize("locale", ["es-ES", "en-GB"])
def test_whatever_is_said_of_a_clip_is_said_in_the_readers_language(visit, locale):
    language = locale[:2]
    words = {reason: say(reason, **facts_for(reason)) for reason in catalogue()}
    clips = [{"error": said, "errorFacts": facts_of(said)} for said in words.values()]

    shown = visit("/#live", locale=locale).evaluate(
        """async ([from, clips]) => {
          const { told } = await import(from);
          return clips.map(told);
        }""",
        ["/static/error_words.js", clips],
    )

    for reason, said in zip(words, shown, strict=True):
        assert not PARAMETER.search(said), reason
        assert not re.search(r"\{(?!x\})|undefined|Invalid", said), reason
        is_worded_here = facts_of(words[reason]).keys() & {"at", "until"} or reason in BY_A_BUTTON
        if not is_worded_here:
            assert said == told(words[reason], language)


def test_a_batch_that_stands_still_is_said_with_what_is_down(visit, stack):
    page = visit("/#live", clock_at=datetime.now(UTC))
    for name in ("worker", "redis"):
        stack.stop_program(name, 0)
    try:
        batch_id = posted(stack, 1)
        expect(card(page, batch_id)).to_be_visible()
        banner = page.locator("#banners .banner")
        expect(banner).to_have_count(0)
        page.clock.fast_forward(90_000)
        expect(banner).to_contain_text("«Clip número 1» debía moverse y lleva 1 min parado")

        banner.get_by_role("button", name="Mirar ahora").click()
        expect(banner).to_contain_text("Ahora mismo no responde: redis.")
    finally:
        for name in ("redis", "worker"):
            stack.start_program(name)

    expect(card(page, batch_id).locator(".counts")).to_have_text("1 de 1 publicados")
    expect(banner).to_have_count(0)
