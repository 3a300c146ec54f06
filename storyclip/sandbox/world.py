"""The posts of this Metricool and the rules they live by. `now_ms` is passed in."""

from dataclasses import replace
from typing import Any

from storyclip.sandbox.agenda import Agenda
from storyclip.sandbox.brands import Brand
from storyclip.sandbox.clock import from_rfc3339
from storyclip.sandbox.faults import Faults, Subject
from storyclip.sandbox.ledger import AnyLedger, Line, fact
from storyclip.sandbox.posts import (
    Forced,
    Post,
    Provider,
    from_snapshot,
    mark_published,
    shown,
    to_snapshot,
)
from storyclip.sandbox.publishing import Publisher, Rules
from storyclip.sandbox.refusals import forbidden, not_found
from storyclip.sandbox.requested import Requested
from storyclip.sandbox.wall_time import in_the_past

FIRST_POST_ID = 310_000_001
FIRST_UUID = 7_300_000_000_000_000_001
DAY_MS = 86_400_000


class World:
    def __init__(
        self, rules: Rules, brands: list[Brand], faults: Faults, ledger: AnyLedger
    ) -> None:
        self.brands = {str(brand.id): brand for brand in brands}
        self.agenda = Agenda()
        self.sources: dict[str, str] = {}  # media URL -> the original given to normalize
        self.copies = 0  # how many normalize has made
        self._rules = rules
        self._faults = faults
        self._ledger = ledger
        self._publisher = Publisher(rules, self.brands, faults, self.agenda, ledger)
        self._posts: dict[int, Post] = {}
        self._posts_of: dict[str, dict[int, Post]] = {account: {} for account in self.brands}
        self._last_id = FIRST_POST_ID - 1
        for line in ledger.lines():
            self._remember(line)
        for post in self._posts.values():
            self._publisher.resume(post)

    def normalize(self, account: str | None, source: str, media: str, now_ms: int) -> None:
        """Put on record that `source` was copied to `media`."""
        self.sources[media] = source
        self.copies += 1
        self._ledger.append(now_ms, [fact("normalized", account, None, media=media, source=source)])

    def create(
        self, account: str, asked: Requested, now_ms: int, replaces: Post | None = None
    ) -> dict[str, Any]:
        """Create a post and return the answer: PENDING, at the date asked for.

        Raises:
            Refused: 403 when a network is not connected, 400 when the cut date is past.
        """
        brand = self.brands[account]
        for network in asked.networks:
            if network not in brand.networks:
                raise forbidden(f"There is no {network} connection for blog: {account}")
        planned_ms = self._cut_date(asked.planned_ms, asked.zone, now_ms)
        self._last_id += 1
        uuid = str(FIRST_UUID + self._last_id - FIRST_POST_ID)
        if replaces is not None:
            uuid = replaces.uuid
        elif self._rules.honour_client_uuid and asked.uuid is not None:
            uuid = asked.uuid
        post = Post(
            id=self._last_id,
            uuid=uuid,
            account=account,
            fields=asked.fields,
            providers=[Provider(network) for network in asked.networks],
            zone=asked.zone,
            planned_ms=planned_ms,
            created_ms=now_ms,
            sources=[self.sources[url] for url in asked.fields["media"] if url in self.sources],
            replaces=None if replaces is None else replaces.id,
        )
        return self._bring_to_life(post, now_ms)

    def _bring_to_life(self, post: Post, now_ms: int) -> dict[str, Any]:
        account = post.account
        whole = self.subject(post)
        ones = [replace(whole, networks=(provider.network,)) for provider in post.providers]
        if self._faults.take("media_dropped", whole):
            post.fields = {**post.fields, "media": [], "mediaAltText": []}
        if fault := self._faults.take("list_lags", whole):
            post.listed_from_ms = now_ms + fault.delay_ms
        if fault := self._faults.take("get_404_after_create", whole):
            post.found_from_ms = now_ms + fault.delay_ms
        self._publisher.decide_ends(post, zip(post.providers, ones, strict=True))
        answer = shown(post, self.brands[account].user_id)
        if fault := self._faults.take("date_moved", whole):
            post.planned_ms += fault.delay_ms

        self._posts[post.id] = self._posts_of[account][post.id] = post
        self._publisher.schedule(post, now_ms)
        detail = None if post.replaces is None else f"replaces {post.replaces}"
        facts = [post.fact("created", provider.network, detail) for provider in post.providers]
        facts[0]["post"] = to_snapshot(post)
        self._ledger.append(now_ms, facts)
        if self._rules.at_once:
            self.agenda.run_until(now_ms)
        return answer

    def put(self, account: str, post_id: int, asked: Requested, now_ms: int) -> dict[str, Any]:
        """Replace a post by a new one: new id, same uuid, the old id is gone (§3.4)."""
        old = self.find(account, post_id)
        answer = self.create(account, asked, now_ms, replaces=old)
        old.deleted_ms = now_ms
        detail = f"replaced by {answer['id']}"
        self._ledger.append(
            now_ms, [old.fact("deleted", provider.network, detail) for provider in old.providers]
        )
        self._drop(old.id)  # not among the deleted: its uuid lives on
        return answer

    def move(self, account: str, post_id: int, planned_ms: int, zone: str, now_ms: int) -> None:
        """Change the date alone; the id stays [G] (§3.5)."""
        post = self.find(account, post_id)
        post.planned_ms = self._cut_date(planned_ms, zone, now_ms)
        post.zone = zone
        self._publisher.schedule(post, now_ms)
        self._changed(post, "date patched", now_ms)

    def delete(self, account: str, post_id: int, now_ms: int) -> None:
        post = self.find(account, post_id)
        post.deleted_ms = now_ms
        self._ledger.append(
            now_ms, [post.fact("deleted", provider.network) for provider in post.providers]
        )

    def restore(self, account: str, post_id: int, now_ms: int) -> None:
        """Bring a deleted post back under its id [G]; a past date is refused as on creation."""
        post = self._posts_of[account].get(post_id)
        if post is None or post.deleted_ms is None:
            raise not_found(f"Deleted post {post_id}")
        if any(provider.status == "PENDING" for provider in post.providers):
            self._cut_date(post.planned_ms, post.zone, now_ms)
        post.deleted_ms = None
        for provider in post.providers:
            if provider.status == "PUBLISHING":
                provider.status = "PENDING"
        self._publisher.schedule(post, now_ms)
        self._changed(post, "restored", now_ms)

    def force(self, post_id: int, forced: Forced, now_ms: int) -> Post:
        """Make of a post what a control call wants; a forced status stays."""
        post = self.find(None, post_id)
        if forced.planned_ms is not None:
            post.planned_ms = forced.planned_ms
            self._publisher.schedule(post, now_ms)
        for provider in post.providers:
            if forced.network is not None and provider.network != forced.network:
                continue
            if forced.status is not None:
                words = forced.words or forced.status
                self._publisher.end(post, provider, forced.status, words, now_ms)
            if forced.words is not None:
                provider.detailed_status = forced.words
        self._changed(post, "forced", now_ms)
        return post

    def find(self, account: str | None, post_id: int) -> Post:
        """Raises: Refused 404 for an unknown or deleted id, or one of another account."""
        post = self._posts.get(post_id)
        if post is None or post.deleted_ms is not None or account not in (None, post.account):
            raise not_found(f"Post {post_id}")
        return post

    def peek(self, post_id: str) -> Post | None:
        """The post with this id, deleted or not, if the text is one."""
        return self._posts.get(int(post_id)) if post_id.isdecimal() else None

    def listed(self, account: str, now_ms: int) -> list[Post]:
        return [
            post
            for post in self._posts_of[account].values()
            if post.deleted_ms is None and post.listed_from_ms <= now_ms
        ]

    def deleted(self, account: str) -> list[Post]:
        return [post for post in self._posts_of[account].values() if post.deleted_ms is not None]

    def subject(self, post: Post, call: str = "create") -> Subject:
        networks = tuple(provider.network for provider in post.providers)
        return Subject(post.account, networks, (*post.sources, *post.fields["media"]), call)

    def reset(self, now_ms: int) -> None:
        """Forget every post; ids go on ascending, the clock and the file stay as they are."""
        self.agenda.clear()
        self._posts.clear()
        self.sources.clear()
        for posts in self._posts_of.values():
            posts.clear()
        forgotten = fact("reset", None, None, post_id=self._last_id)
        self._ledger.append(now_ms, [{**forgotten, "copies": self.copies}])

    def cut(self, planned_ms: int) -> int:
        return planned_ms - planned_ms % (self._rules.date_step_s * 1000)

    def _cut_date(self, planned_ms: int, zone: str, now_ms: int) -> int:
        cut_ms = self.cut(planned_ms)
        if cut_ms < now_ms - now_ms % 1000:  # dates know no fractions: this second is not past
            raise in_the_past(cut_ms, zone)
        return cut_ms

    def _changed(self, post: Post, detail: str, now_ms: int) -> None:
        line = post.fact("changed", None, detail)
        self._ledger.append(now_ms, [{**line, "post": to_snapshot(post)}])

    def _remember(self, line: Line) -> None:
        """Take one line of an earlier run for true."""
        if line["event"] == "reset":
            self._last_id, self.copies = line["postId"], line.get("copies", 0)
        elif line["event"] == "normalized":
            self.sources[line["media"]] = line["source"]
            self.copies += 1
        elif "post" in line:
            post = from_snapshot(line["post"])
            self._posts[post.id] = self._posts_of[post.account][post.id] = post
            self._last_id = max(self._last_id, post.id)
            if post.replaces is not None:
                self._drop(post.replaces)
        elif line["postId"] in self._posts:
            self._remember_end(self._posts[line["postId"]], line)

    def _remember_end(self, post: Post, line: Line) -> None:
        if line["event"] == "deleted":
            post.deleted_ms = from_rfc3339(line["time"])
        for provider in post.providers:
            if provider.network == line["network"] and line["event"] == "published":
                mark_published(post, provider, self.brands[post.account])
            elif provider.network == line["network"] and line["event"] == "error":
                provider.status, provider.detailed_status = "ERROR", line["detail"]
                provider.next_at_ms = None

    def _drop(self, post_id: int) -> None:
        post = self._posts.pop(post_id, None)
        if post is not None:
            del self._posts_of[post.account][post_id]
