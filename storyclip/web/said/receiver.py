"""Where a new batch is to report to."""

from __future__ import annotations

from storyclip.domain.errors import RequestInvalid
from storyclip.domain.webhooks import objection_to_receiver
from storyclip.store.access.keys import Holder
from storyclip.web.front import front
from storyclip.web.said.bodies import PublishSettings


def webhook_of(settings: PublishSettings, who: Holder) -> str | None:
    """Return the receiver that the request names, else its key's, None for none.

    Raises:
        RequestInvalid: webhooks are not to go to what the request names.
    """
    if settings.webhook_url is None:
        return who.webhook_url
    allow = front().settings.webhook_allow_private
    objection = objection_to_receiver(settings.webhook_url, allow_private=allow)
    if objection is not None:
        raise RequestInvalid(("/settings/webhookUrl", objection))
    return settings.webhook_url
