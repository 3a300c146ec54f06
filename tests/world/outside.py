"""Where signs of life are left outside the database, and can be lost or set back."""

from __future__ import annotations

from dataclasses import dataclass

from storyclip.domain.installation import Mark, Sending


@dataclass
class Outside:
    """A mark outside the database: a file beside it, or a key of Redis."""

    mark: Mark | None = None
    sending: Sending | None = None

    def read(self, place: str) -> Mark | None:
        """Return what was left last."""
        del place
        return self.mark

    def leave(self, place: str, mark: Mark) -> None:
        """Leave a sign of life."""
        del place
        self.mark = mark

    def read_sending(self, place: str) -> Sending | None:
        """Return for which intent a story was asked for last."""
        del place
        return self.sending

    def leave_sending(self, place: str, sending: Sending) -> None:
        """Leave the intent for which one is asked for now."""
        del place
        self.sending = sending
