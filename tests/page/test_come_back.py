"""Close, reload, second device, no line: the same picture, and no gap."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.eventually import eventually
from tests.page.conftest import ACCOUNTS, batches_of, card, has_published, posted

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page-batches")]


def test_closed_at_clip_two_it_is_there_again_at_clip_four(visit, stack):
    first = visit("/#live")
    batch_id = posted(stack, 12)
    has_published(first, batch_id, 2)
    context = first.context
    first.close()

    again = visit(context=context)

    has_published(again, batch_id, 4)
    expect(again).to_have_url(f"{stack.url}/#live")
    expect(card(again, batch_id).locator("[data-status=completed]")).to_be_visible()
    expect(card(again, batch_id).locator(".counts")).to_have_text("12 de 12 publicados")


def test_two_devices_show_the_same(visit, stack):
    one, other = visit("/#live"), visit("/#live", locale="es-ES")
    batch_id = posted(stack, 3)

    for page in (one, other):
        expect(card(page, batch_id).locator("[data-status=completed]")).to_be_visible()

    eventually(lambda: card(one, batch_id).inner_text() == card(other, batch_id).inner_text())


def test_without_a_line_for_five_seconds_nothing_is_missed(visit, stack):
    page = visit("/#live")
    expect(page.locator("#line")).to_have_text("En vivo")
    batch_id = posted(stack, 8)
    has_published(page, batch_id, 1)

    page.context.set_offline(True)
    page.wait_for_timeout(5000)
    page.context.set_offline(False)

    expect(card(page, batch_id).locator("[data-status=completed]")).to_be_visible()
    expect(card(page, batch_id).locator(".chip[data-look=published]")).to_have_count(8)


def test_history_shows_what_was_with_its_filter_and_its_clips(visit, stack):
    page = visit("/#live")
    batch_id = posted(stack, 2)
    expect(card(page, batch_id).locator("[data-status=completed]")).to_be_visible()

    page.click("[data-view=history]")
    page.select_option("#history-status", "completed")
    expect(page.locator("#history-list")).not_to_have_attribute(
        "aria-busy", "true"
    )  # not of before
    page.locator(".past summary").first.click()
    expect(page.locator("#history .clips > li")).to_have_count(2)

    page.select_option("#history-status", "paused")
    expect(page.locator("#history .empty")).to_have_text("Ninguna con ese estado.")


def test_an_answer_that_another_question_overtook_is_not_shown(visit, stack):
    page = visit("/#live")
    account = str(next(ACCOUNTS))
    posted(stack, 1, account=account)
    eventually(lambda: batches_of(stack, account)[0]["status"] == "completed")
    held: list[Route] = []
    page.route(
        lambda url: "/batches?" in url,
        lambda route: route.continue_() if "paused" in route.request.url else held.append(route),
    )

    page.click("[data-view=history]")
    page.select_option("#history-status", "paused")
    expect(page.locator("#history .empty")).to_have_text("Ninguna con ese estado.")
    with page.expect_response(lambda answer: "/batches?" in answer.url):
        held[0].continue_()

    expect(page.locator("#history .empty")).to_have_text("Ninguna con ese estado.")
    expect(page.locator(".past")).to_have_count(0)


def test_history_goes_page_by_page(visit, stack):
    for _ in range(11):
        posted(stack, 1)
    page = visit("/#history")
    expect(page.locator(".past")).to_have_count(10)

    page.click("#history-older")
    expect(page.locator("#history-newer")).to_be_enabled()
    page.click("#history-newer")

    expect(page.locator("#history-newer")).to_be_disabled()
    expect(page.locator(".past")).to_have_count(10)


def test_a_refused_clip_shows_metricools_words_and_what_is_safe(visit, stack):
    assert stack.sandbox is not None
    account, words = str(next(ACCOUNTS)), "El vídeo dura demasiado"
    stack.sandbox.fault(fault="refuse", times=1, words=words, account=account)
    try:
        page = visit("/#live")
        batch_id = posted(stack, 2, account=account)
        expect(card(page, batch_id).locator("[data-status=completed]")).to_be_visible()
    finally:
        stack.sandbox.clear_faults()

    expect(card(page, batch_id).locator(".clips .error")).to_contain_text("dura demasiado")
