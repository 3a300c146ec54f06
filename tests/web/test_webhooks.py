"""Where a batch reports to: named in the request, else by the key, and checked as clips are."""

from __future__ import annotations

import pytest
from flask import Flask

from config.settings import Settings
from storyclip.store.access import sessions
from tests.people import key_for, session_of
from tests.store.making import rows
from tests.web.conftest import ACCOUNT, NOON, Someone, good

HOOK = "https://hooks.example.com/storyclip"


def told(url: object) -> dict[str, object]:
    return good(settings={"accountId": ACCOUNT, "webhookUrl": url})


def receivers() -> list[str]:
    return [url for (url,) in rows("SELECT url FROM webhook_deliveries")]


def test_a_batch_reports_to_the_url_of_its_request(ana: Someone):
    answer = ana.publish(told(HOOK))

    assert answer.status_code == 202
    assert answer.get_json()["settings"]["webhookUrl"] == HOOK
    assert receivers() == [HOOK]


def test_a_batch_without_one_reports_to_nobody(ana: Someone):
    answer = ana.publish()

    assert "webhookUrl" not in answer.get_json()["settings"]
    assert receivers() == []


def test_a_key_can_have_a_receiver_for_all_its_batches(ana: Someone):
    ana.key = key_for("ana", {"publish"}, at=NOON, webhook_url="https://of.the.key/")

    ana.publish()
    ana.publish(told(HOOK))

    assert sorted(receivers()) == [HOOK, "https://of.the.key/"]


def test_who_is_signed_in_with_a_key_has_its_receiver(app: Flask):
    of_the_key = "https://of.the.key/"
    key = key_for("ana", {"publish"}, at=NOON, webhook_url=of_the_key)
    token = session_of(key, NOON)

    holder = sessions.holder_of(token, NOON)

    assert holder is not None
    assert holder.webhook_url == of_the_key


def test_a_repeated_request_makes_no_second_receiver(ana: Someone):
    first, again = (ana.publish(told(HOOK), {"Idempotency-Key": "k"}) for _ in range(2))

    assert first.data == again.data
    assert receivers() == [HOOK]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://ana:pw@hooks.example.com/",
        "https://printer.local/",
        "https://" + "x" * 2050,
        "",
        7,
    ],
)
def test_a_url_that_no_clip_could_come_from_is_refused_at_create(ana: Someone, url):
    refused = ana.publish(told(url))

    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.get_json()["errors"]] == ["/settings/webhookUrl"]
    assert rows("SELECT 1 FROM publish_batches") == []


def test_private_receivers_need_the_operators_leave():
    leave = Settings.from_environment(
        {"STORYCLIP_WEBHOOK_ALLOW_PRIVATE": "true"}, needs_upstream=False
    )

    assert leave.webhook_allow_private
    assert not Settings.from_environment({}, needs_upstream=False).webhook_allow_private
