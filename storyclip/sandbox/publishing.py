"""How a post gets out: PENDING -> PUBLISHING -> PUBLISHED or else, each network on its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from storyclip.sandbox.agenda import Agenda
from storyclip.sandbox.brands import Brand
from storyclip.sandbox.counters import FAIR_USE, Counters
from storyclip.sandbox.faults import Fault, Faults
from storyclip.sandbox.ledger import AnyLedger
from storyclip.sandbox.posts import SETTLED, Post, Provider, mark_failed, mark_published


@dataclass(frozen=True, slots=True)
class Rules:
    date_step_s: int = 60
    publish_delay_ms: int = 5_000
    at_once: bool = False
    accept_story_text: bool = False
    honour_client_uuid: bool = False
    clock_skew_ms: int = 0  # how far Metricool's own clock is ahead of the time that is


class Publisher:
    def __init__(
        self,
        rules: Rules,
        brands: Mapping[str, Brand],
        agenda: Agenda,
        ledger: AnyLedger,
        faults: Faults,
        counters: Counters,
    ) -> None:
        self.skew_ms = rules.clock_skew_ms
        self._rules = rules
        self._brands = brands
        self._agenda = agenda
        self._ledger = ledger
        self._faults = faults
        self._counters = counters
        self._held: list[tuple[Post, Provider]] = []  # due, and the month is full

    def schedule(self, post: Post, now_ms: int) -> None:
        """Put every network that is still PENDING on the agenda at the post's date."""
        for provider in post.providers:
            if provider.status != "PENDING" or provider.ending is None:
                continue
            if post.publishes_by_itself(provider.network):
                due_ms = now_ms if self._rules.at_once else self._due_ms(post)
                self._then(post, provider, max(due_ms, now_ms))

    def resume(self, post: Post) -> None:
        """Put a post read back from the ledger where it was on the agenda."""
        for provider in post.providers:
            if provider.status not in SETTLED and provider.next_at_ms is not None:
                self._then(post, provider, provider.next_at_ms)

    def release(self, now_ms: int) -> None:
        """Let those try again whom a full month has held; whoever is still one too many stays."""
        held, self._held = self._held, []
        for post, provider in held:
            if provider.status == "PENDING":
                self._then(post, provider, now_ms)

    def clear(self) -> None:
        self._held.clear()

    def end(self, post: Post, provider: Provider, status: str, words: str, at_ms: int) -> None:
        """Bring one network of a post to the status it keeps; published and error go on record."""
        provider.next_at_ms = None
        if status == "PUBLISHED" or provider.live_anyhow:
            mark_published(post, provider, self._brands[post.account])
            self._counters.add(post.account, at_ms)
            self._ledger.append(at_ms, [post.fact("published", provider.network)])
        if status == "PUBLISHED":
            return
        if status == "ERROR":
            mark_failed(provider, words)
            self._ledger.append(at_ms, [post.fact("error", provider.network, words)])
            return
        provider.status, provider.detailed_status = status, words

    def _due_ms(self, post: Post) -> int:
        """When Metricool's own clock shows the post's date."""
        return post.planned_ms - self.skew_ms

    def _then(self, post: Post, provider: Provider, at_ms: int) -> None:
        provider.next_at_ms = at_ms
        self._agenda.at(at_ms, partial(self._step, post, provider))

    def _step(self, post: Post, provider: Provider, at_ms: int) -> None:
        if provider.next_at_ms != at_ms or (post.deleted_ms is not None and not post.too_late):
            return  # deleted, moved or forced since this was put on the agenda
        if provider.status == "PUBLISHING":
            self.end(post, provider, provider.ending or "", provider.ending_words, at_ms)
            return
        if self._is_full(post, at_ms):
            provider.next_at_ms = None
            self._held.append((post, provider))
            return
        provider.status = provider.detailed_status = "PUBLISHING"
        due_ms, delay_ms = self._due_ms(post), self._rules.publish_delay_ms
        if self._rules.at_once:
            due_ms, delay_ms = at_ms, 0
        # From the date itself, so that the ledger's times can be told beforehand.
        self._then(post, provider, max(at_ms, due_ms + delay_ms + provider.hold_ms))

    def _is_full(self, post: Post, at_ms: int) -> bool:
        """Above the month's fair use a post waits, and no word is said about it (§7.3a)."""
        if not self._faults.any("month_full"):
            return False

        def reached(fault: Fault) -> bool:
            most = FAIR_USE if fault.most is None else fault.most
            return self._counters.of(post.account, at_ms) >= most

        return self._faults.take("month_full", post.subject(), reached) is not None
