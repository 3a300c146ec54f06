"""What is known of the batches that are watched, from snapshots and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storyclip.domain.batch import RUNNING, Status
from storyclip.domain.clip import State
from storyclip.domain.errors import ErrorCode, RetrySafety

Json = dict[str, Any]

WORDS = {
    State.PENDING: "waits for its turn",
    State.UPLOADING: "is being sent",
    State.VERIFYING: "answer lost; looking whether it is there",
    State.WAITING_CONFIRMATION: "sent; not seen live yet",
    State.PUBLISHED: "published",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}
ADVICE = {
    RetrySafety.SAFE: "nothing was published: retry-failed sends it again",
    RetrySafety.CHECK_FIRST: "it may be out: look at the account; retry-failed looks first, too",
    RetrySafety.NEVER: "do not send it again as it is: see what Metricool shows",
}


@dataclass
class ClipRow:
    """One clip as it was last heard of."""

    index: int
    title: str
    state: State
    trouble: str = ""
    safety: RetrySafety | None = None
    code: str | None = None

    @classmethod
    def of(cls, clip: Json) -> ClipRow:
        """Read a clip as the API shows it."""
        safety = clip["retrySafety"]
        return cls(
            clip["index"],
            plain(clip["title"] or clip["id"] or ""),
            State(clip["status"]),
            plain(clip["error"] or ""),
            RetrySafety(safety) if safety else None,
            clip["errorCode"],
        )

    @property
    def words(self) -> str:
        """What it is up to, and why."""
        if self.code == ErrorCode.UNCONFIRMED and self.state is State.FAILED:
            return f"unconfirmed: {self.trouble}"
        return f"{WORDS[self.state]}: {self.trouble}" if self.trouble else WORDS[self.state]

    @property
    def advice(self) -> str:
        """What to do about it, empty where there is nothing."""
        if self.state is not State.FAILED or self.safety is None:
            return ""
        return ADVICE[self.safety]


@dataclass
class Board:
    """One batch."""

    batch_id: str
    total: int = 0
    published: int = 0
    status: Status = Status.PROCESSING
    trouble: str = ""
    clips: dict[int, ClipRow] = field(default_factory=dict)
    _known_to: int = 0
    _clips_known_to: int = 0

    @property
    def is_all_published(self) -> bool:
        """Whether every clip was seen live; silence does not count."""
        return 0 < self.total == self.published

    @property
    def is_running(self) -> bool:
        """Whether something can still happen to it."""
        return self.status in RUNNING

    def take_state(self, facts: Json) -> None:
        """Take in a status, or a summary, which has no clips."""
        counts = facts.get("posts", facts)
        self.total, self.published = counts["total"], counts["published"]
        self.status = Status(facts["status"])
        self.trouble = plain(facts["error"] or "")
        self._known_to = facts["lastSeq"]
        if "clips" in facts:
            self.clips = {clip["index"]: ClipRow.of(clip) for clip in facts["clips"]}
            self._clips_known_to = self._known_to

    def take_event(self, event: Json) -> None:
        """Take in an event, unless the state that is shown is newer."""
        if event["seq"] > self._known_to:
            self.total, self.published = event["total"], event["published"]
            self.status = Status(event["status"])
            self._known_to = event["seq"]
        if event["clip"] and event["seq"] > self._clips_known_to:
            row = ClipRow.of(event["clip"])
            self.clips[row.index] = row


class Boards(dict[str, Board]):
    """All batches that are watched, in the order in which they were heard of."""

    def take_snapshot(self, facts: Json) -> None:
        """Take in the state that a connection begins with: of one batch, or of many."""
        for one in facts.get("batches", [facts]):
            self.of(one).take_state(one)

    def of(self, facts: Mapping[str, Any]) -> Board:
        """Return the board of the batch that a state or an event is about."""
        return self.setdefault(facts["batchId"], Board(facts["batchId"]))


def plain(text: str) -> str:
    """Return the text as one line that does nothing to a terminal."""
    return " ".join(harmless(text).split())


def harmless(text: str) -> str:
    """Return the text with a space for whatever a terminal would obey or not show."""
    return "".join(character if character.isprintable() else " " for character in text)
