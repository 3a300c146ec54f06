"""The courier's life in a worker process: from its boot to its shutdown."""

from __future__ import annotations

import dramatiq

from storyclip.webhooks.courier import Courier


class CourierLife(dramatiq.Middleware):
    """Runs the courier beside the worker threads."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002  # Dramatiq's signature
        """Begin, once the process is bound to its database."""
        self._courier.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Begin nothing new while the last steps are finished, so that both end together."""
        self._courier.begin_no_more()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Wait for what is under way; the rest is another worker's, or waits for the next start."""
        self._courier.stop()
