"""The posts of this Metricool and the rules they live by. `now_ms` is passed in."""

from collections.abc import Mapping
from typing import Any

from storyclip.sandbox.agenda import Agenda
from storyclip.sandbox.brands import Brand
from storyclip.sandbox.fates import befall, end_by_fault, end_by_rule
from storyclip.sandbox.faults import Faults
from storyclip.sandbox.known import FIRST_POST_ID, replay
from storyclip.sandbox.ledger import AnyLedger, fact
from storyclip.sandbox.posts import By, Post, Provider, to_snapshot
from storyclip.sandbox.publishing import Publisher, Rules
from storyclip.sandbox.refusals import forbidden, not_found
from storyclip.sandbox.requested import Requested
from storyclip.sandbox.shown import shown
from storyclip.sandbox.wall_time import in_the_past

FIRST_UUID = 7_300_000_000_000_000_001
DAY_MS = 86_400_000


class World:
    def __init__(
        self, rules: Rules, brands: Mapping[str, Brand], faults: Faults, ledger: AnyLedger
    ) -> None:
        self.brands = brands
        self.agenda = Agenda()
        self.known = replay(ledger.lines(), brands)
        self.shelf = self.known.shelf
        self._rules = rules
        self._faults = faults
        self._ledger = ledger
        self.publisher = Publisher(rules, brands, self.agenda, ledger, faults, self.known.counters)
        for post in self.shelf.all():
            self.publisher.resume(post)

    def create(
        self,
        account: str,
        asked: Requested,
        now_ms: int,
        *,
        by: By = "api",
        replaces: Post | None = None,
        post_id: int | None = None,
    ) -> dict[str, Any]:
        """Create a post and return the answer: PENDING, at the date asked for.

        `post_id` is one that its brand has set free, for a person's post.

        Raises:
            Refused: 403 when a network is not connected, 400 when the cut date is past.
        """
        brand = self.brands[account]
        for network in asked.networks:
            if network not in brand.networks:
                raise forbidden(f"There is no {network} connection for blog: {account}")
        planned_ms = self._cut_date(asked.planned_ms, asked.zone, now_ms)
        self.known.last_number += 1
        number = self.known.last_number
        sent = [self.known.sent.get(url, url) for url in asked.fields.get("media") or ()]
        post = Post(
            id=number if post_id is None else post_id,
            number=number,
            uuid=self._uuid(asked, replaces, number),
            account=account,
            fields=asked.fields,
            providers=[Provider(network) for network in asked.networks],
            zone=asked.zone,
            planned_ms=planned_ms,
            created_ms=now_ms,
            sources=[self.known.sources[url] for url in sent if url in self.known.sources],
            sent_media=sent,
            made_by=by if replaces is None else replaces.made_by,
            restored_by=None if replaces is None else replaces.restored_by,
            replaces=None if replaces is None else replaces.id,
        )
        return self._bring_to_life(post, by, now_ms)

    def _uuid(self, asked: Requested, replaces: Post | None, number: int) -> str:
        if replaces is not None:
            return replaces.uuid
        if self._rules.honour_client_uuid and asked.uuid is not None:
            return asked.uuid
        return str(FIRST_UUID + number - FIRST_POST_ID)

    def _bring_to_life(self, post: Post, by: By, now_ms: int) -> dict[str, Any]:
        about = post.subject()
        ours = post.made_by == "api"  # faults are for the service's posts, whoever edits them
        if ours:
            befall(post, self._faults, about, self.shelf.last_freed(post.account), now_ms)
        end_by_rule(post, accept_story_text=self._rules.accept_story_text)
        if ours:
            end_by_fault(post, self._faults, about)
        answer = self.show(post)
        if ours and (fault := self._faults.take("date_moved", about)):
            post.planned_ms += fault.delay_ms

        self.shelf.put(post)
        self.known.shows(post)
        self.publisher.schedule(post, now_ms)
        detail = None if post.replaces is None else f"replaces {post.replaces}"
        facts = [post.fact("created", network, detail, by) for network in post.networks or (None,)]
        facts[0]["post"] = to_snapshot(post)
        self._ledger.append(now_ms, facts)
        if self._rules.at_once:
            self.agenda.run_until(now_ms)
        return answer

    def put(
        self, account: str, post_id: int, asked: Requested, now_ms: int, *, by: By = "api"
    ) -> dict[str, Any]:
        """Replace a post by a new one: new id, same uuid, the old id is gone (§3.4)."""
        old = self.shelf.find(account, post_id)
        answer = self.create(account, asked, now_ms, by=by, replaces=old)
        old.deleted_ms = now_ms
        self.shelf.take_out(old)  # not among the deleted: its uuid lives on
        self._leave(old, "deleted", by, now_ms, f"replaced by {answer['id']}")
        return answer

    def move(
        self,
        account: str,
        post_id: int,
        planned_ms: int,
        zone: str,
        now_ms: int,
        *,
        by: By = "api",
    ) -> None:
        """Change the date alone; the id stays [G] (§3.5)."""
        post = self.shelf.find(account, post_id)
        post.planned_ms = self._cut_date(planned_ms, zone, now_ms)
        post.zone = zone
        self.publisher.schedule(post, now_ms)
        self.changed(post, "date patched", now_ms, by)

    def delete(self, account: str, post_id: int, now_ms: int, *, by: By = "api") -> None:
        """Delete whatever post has this id now; a live story stays live (§3.6)."""
        post = self.shelf.find(account, post_id)
        self.shelf.bin(post)
        post.deleted_ms = now_ms
        if any(provider.status == "PUBLISHING" for provider in post.providers):
            about = post.subject("delete")
            post.too_late = self._faults.take("delete_too_late", about) is not None
        self._leave(post, "deleted", by, now_ms, None)

    def vanish(self, post_id: int, now_ms: int) -> None:
        """Lose a post without a trace, as a failed PUT has done (§3.4 [S])."""
        post = self.shelf.find(None, post_id)
        post.deleted_ms = now_ms
        self.shelf.take_out(post)
        self._leave(post, "vanished", "person", now_ms, None)

    def restore(self, account: str, post_id: int, now_ms: int, *, by: By = "api") -> Post:
        """Bring a deleted post back under its id [G], or under a new one when that is taken.

        Raises:
            Refused: 404 when it is not among the deleted, 400 for a past date, as on creation.
        """
        post = self.shelf.last_deleted(account, post_id)
        if post is None:
            raise not_found(f"Deleted post {post_id}")
        if any(provider.status == "PENDING" for provider in post.providers):
            self._cut_date(post.planned_ms, post.zone, now_ms)
        self.shelf.take_out(post)
        post.deleted_ms, post.restored_by, post.too_late = None, by, False
        if self.shelf.has(post.id):
            self.known.last_number += 1
            post.replaces, post.id = post.id, self.known.last_number
        self.shelf.put(post)
        for provider in post.providers:
            if provider.status == "PUBLISHING":
                provider.status = "PENDING"
        self.publisher.schedule(post, now_ms)
        self.changed(post, "restored", now_ms, by)
        return post

    def listed(self, account: str, now_ms: int) -> list[Post]:
        return [post for post in self.shelf.of(account) if post.listed_from_ms <= now_ms]

    def show(self, post: Post, *, in_list: bool = False) -> dict[str, Any]:
        """A ScheduledPost as answers have it; only its brand's zone can be asked of it [G]."""
        brand, zone = self.brands[post.account], post.zone
        called = "show_in_brand_zone"
        if self._faults.any(called) and self._faults.take(called, post.subject()):
            zone = brand.zone
        answer = shown(post, brand.user_id, zone, self.publisher.skew_ms)
        if in_list and post.listed_media is not None:
            answer["media"] = post.listed_media
        return answer

    def set_month_count(self, account: str, count: int, now_ms: int) -> None:
        """Make it so many posts that a brand has published this month; those held try again."""
        self.known.counters.set(account, now_ms, count)
        self._ledger.append(now_ms, [fact("counted", account, None, detail=str(count))])
        self.publisher.release(now_ms)

    @property
    def skew_ms(self) -> int:
        """How far Metricool's own clock, by which it publishes and refuses, is ahead of time."""
        return self.publisher.skew_ms

    def set_skew(self, skew_ms: int, now_ms: int) -> None:
        self.publisher.skew_ms = skew_ms
        for post in self.shelf.all():
            if post.deleted_ms is None:
                self.publisher.schedule(post, now_ms)

    def reset(self, now_ms: int) -> None:
        """Forget every post; ids go on ascending, the clock and the file stay as they are."""
        self.agenda.clear()
        self.publisher.clear()
        self.known.forget()
        known = self.known
        forgotten = fact("reset", None, None, post_id=known.last_number)
        numbers = {"copies": known.copies, "uploads": known.uploads}
        self._ledger.append(now_ms, [forgotten | numbers])

    def cut(self, planned_ms: int) -> int:
        return planned_ms - planned_ms % (self._rules.date_step_s * 1000)

    def _cut_date(self, planned_ms: int, zone: str, now_ms: int) -> int:
        cut_ms = self.cut(planned_ms)
        own_ms = now_ms + self.skew_ms
        if cut_ms < own_ms - own_ms % 1000:  # dates know no fractions: this second is not past
            raise in_the_past(cut_ms, zone)
        return cut_ms

    def _leave(self, post: Post, event: str, by: By, now_ms: int, detail: str | None) -> None:
        networks = post.networks or (None,)
        facts = [post.fact(event, one, detail, by) for one in networks]
        if post.too_late:
            facts[0]["post"] = to_snapshot(post)
        self._ledger.append(now_ms, facts)

    def changed(self, post: Post, detail: str, now_ms: int, by: By | None) -> None:
        """Put on record what a post is like now."""
        line = post.fact("changed", None, detail, by)
        self._ledger.append(now_ms, [{**line, "post": to_snapshot(post)}])
