"""What became of a scenario: the ledger's word, against what its user asked and was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from storyclip.domain.clip import State
from storyclip.domain.errors import RefusalCode, RetrySafety
from tests.crash.rows import Clip
from tests.crash.scenario import ENDS, STOPS, Scenario
from tests.crash.web_client import Said
from tests.judge import Ledger, Verdict, judge, published, standing

ORDER_WOULD_CHANGE = RefusalCode.ORDER_WOULD_CHANGE.value


@dataclass(frozen=True)
class Outcome:
    """What became of one scenario; `trouble` is why it could not be judged, None if it was.

    `orphans` are posts upstream that no row knows, `untrue` what the user was told and is not so.
    """

    scenario: Any  # a Scenario, or one of files
    kills: int
    was_hit: bool
    verdict: Verdict
    orphans: tuple[str, ...]
    untrue: tuple[str, ...]
    trouble: str | None
    log: str

    @property
    def is_clean(self) -> bool:
        """Whether it was killed where it should, and nothing went wrong for all that."""
        is_told = self.trouble is None and (self.was_hit or not self.scenario.is_sure)
        return is_told and self.verdict.is_clean and not self.orphans and not self.untrue


def assert_clean(outcome: Outcome) -> None:
    """Fail with the first thing that went wrong, and unless its moment was met."""
    assert outcome.trouble is None
    assert outcome.was_hit
    assert outcome.verdict.is_clean
    assert outcome.orphans == ()
    assert outcome.untrue == ()


@dataclass(frozen=True)
class Story:
    """One batch as it went: what was asked for, what its user was told, what its rows say."""

    scenario: Scenario
    account: str
    sources: Sequence[str]
    clips: Sequence[Clip]
    ledger: Ledger
    said: Sequence[Said] = ()
    is_beside: bool = False

    def verdict(self) -> Verdict:
        """Return what is lost, doubled or out of order, of what has no honest excuse."""
        live = self._live()
        appended = self._appended()
        kept = [url for url in live if url not in appended]
        verdicts = [judge(self.sources, live, self._excused())]
        verdicts += [judge(self.sources, there) for there in self._handed_over()]
        ordered = [judge(self.sources, kept, self.sources)]
        return Verdict(
            lost=_once(verdict.lost for verdict in verdicts),
            duplicate=_once(verdict.duplicate for verdict in verdicts),
            out_of_order=_once(verdict.out_of_order for verdict in [*verdicts[1:], *ordered]),
        )

    def untrue(self) -> tuple[str, ...]:
        """Return each word of rows and answers that the ledger proves wrong."""
        return (*self._untrue_rows(), *self._untrue_answers())

    def _excused(self) -> list[str]:
        """Return what its row honestly says is not out, as the scenario has it."""
        if self.is_beside:
            return []
        is_ended = any(act.verb in ENDS for act in self.scenario.acts)
        return [
            clip.url
            for clip in self.clips
            if (clip.state is State.CANCELLED and is_ended)
            or (clip.state is State.FAILED and clip.error_code == self.scenario.ends_as)
        ]

    def _appended(self) -> set[str]:
        """Return the clips whose user was told that they come after later ones."""
        appended = set[str]()
        for said in self.said:
            if said.body.get("order") == "appended":
                appended |= {self.sources[index - 1] for index in said.body["retried"]}
            elif said.verb == "resume" and said.body.get("code") == ORDER_WOULD_CHANGE:
                appended |= set(self.sources) - set(self._between("published", None, said.asked_at))
        return appended

    def _handed_over(self) -> list[list[str]]:
        """Return what stood upstream, by its dates, when what is far ahead was stopped."""
        if not self.scenario.is_far or self.is_beside:
            return []
        before = [None, *self.said]
        return [
            self._standing(said.asked_at)
            for last, said in zip(before, self.said, strict=False)
            if said.verb in STOPS and (last is None or last.verb not in STOPS)
        ]

    def _untrue_rows(self) -> Iterator[str]:
        live, left = self._live(), self._standing()
        for clip in self.clips:
            is_safe = clip.retry_safety == RetrySafety.SAFE
            if clip.state is State.PUBLISHED and clip.url not in live:
                yield f"clip {clip.index} is published by its row, and not live"
            if clip.state is State.CANCELLED and clip.url in live:
                yield f"clip {clip.index} is cancelled by its row, and live"
            if clip.state is State.CANCELLED and clip.url in left:
                yield f"clip {clip.index} is cancelled by its row, and planned upstream"
            if clip.state is State.FAILED and is_safe and clip.url in live:
                yield f"clip {clip.index} may be asked for again safely by its row, and is live"

    def _untrue_answers(self) -> Iterator[str]:
        for place, said in enumerate(self.said):
            if said.verb not in STOPS or not said.is_done:
                continue
            later = self.said[place + 1 :]
            goes_on = (one.asked_at for one in later if one.is_done and one.verb not in STOPS)
            until = next(goes_on, None)
            may_go_out = self._may_go_out(said)
            for event in ("created", "published"):
                for line in self._between(event, said.answered_at, until):
                    if event == "created" or line not in may_go_out:
                        yield f"{line} was {event} after the answer to {said.verb}"
            if said.verb == "cancel":
                yield from self._untrue_outcome(said)

    def _untrue_outcome(self, said: Said) -> Iterator[str]:
        live = self._live()
        outcome = said.body["outcome"]
        for index in outcome["published"]:
            if self.sources[index - 1] not in live:
                yield f"clip {index} is published, cancel said, and it is not live"
        for index in outcome["cancelled"]:
            if self.sources[index - 1] in live:
                yield f"clip {index} is cancelled, cancel said, and it is live"

    def _may_go_out(self, said: Said) -> set[str]:
        which = said.body["outcome"]["unknown"] if said.verb == "cancel" else said.body["mayGoOut"]
        return {self.sources[index - 1] for index in which}

    def _between(self, event: str, since: datetime | None, until: datetime | None) -> list[str]:
        def is_meant(time: datetime) -> bool:
            return (since is None or time > since) and (until is None or time < until)

        lines = [
            line
            for line in self.ledger
            if (line["event"], line["account"]) == (event, self.account)
        ]
        meant = [line for line in lines if is_meant(datetime.fromisoformat(line["time"]))]
        return self._in([line["source"] or line["media"] for line in meant])

    def _live(self) -> list[str]:
        return self._in(published(self.ledger, self.account, self.scenario.network))

    def _standing(self, until: datetime | None = None) -> list[str]:
        network = self.scenario.network
        return self._in(standing(self.ledger, self.account, network, until))

    def _in(self, sources: Sequence[str]) -> list[str]:
        return [source for source in sources if source in self.sources]


def verdict_on(scenario: Scenario, stories: Sequence[Story]) -> Verdict:
    """Return the verdict on a scenario's one or two batches, and on their order on the lane."""
    verdicts = [story.verdict() for story in stories]
    if scenario.is_one_sequence:
        every = [source for story in stories for source in story.sources]
        one = stories[0]
        live = published(one.ledger, one.account, scenario.network)
        verdicts.append(judge(every, live, every))
    return Verdict(
        lost=_once(verdict.lost for verdict in verdicts),
        duplicate=_once(verdict.duplicate for verdict in verdicts),
        out_of_order=_once(verdict.out_of_order for verdict in verdicts),
    )


def line_of(outcomes: Sequence[Outcome]) -> str:
    """Return the verdict on all of them, in one line."""
    verdicts = [outcome.verdict for outcome in outcomes]
    counts = {
        "kills": sum(outcome.kills for outcome in outcomes),
        "lost": sum(len(verdict.lost) for verdict in verdicts),
        "duplicate": sum(len(verdict.duplicate) for verdict in verdicts),
        "out of order": sum(len(verdict.out_of_order) for verdict in verdicts),
        "orphans": sum(len(outcome.orphans) for outcome in outcomes),
        "untrue": sum(len(outcome.untrue) for outcome in outcomes),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _once(found: Iterator[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(found)))
