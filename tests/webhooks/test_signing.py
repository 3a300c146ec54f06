"""Signatures that other people's libraries accept."""

from __future__ import annotations

import base64

from storyclip.webhooks.signing import signed_headers
from tests.people import key_for
from tests.store.making import T0
from tests.webhooks.receiver import secret_of


def test_the_published_example_of_standard_webhooks_gets_its_published_signature():
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_user_has_a_secret_of_their_own_that_stays(store: str):
    key_for("ana", {"publish"}, at=T0)

    mine = secret_of("ana")

    assert mine == secret_of("ana") != secret_of("bob")
    assert mine.startswith("whsec_")
    assert len(base64.b64decode(mine.removeprefix("whsec_"))) == 32
