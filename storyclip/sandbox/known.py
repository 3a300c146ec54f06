"""What this Metricool has in its head, and how it comes back from the ledger after a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storyclip.sandbox.brands import Brand
from storyclip.sandbox.clock import from_rfc3339
from storyclip.sandbox.counters import Counters
from storyclip.sandbox.ledger import Line
from storyclip.sandbox.posts import Post, from_snapshot, mark_failed, mark_published
from storyclip.sandbox.shelf import Shelf

FIRST_POST_ID = 310_000_001


@dataclass(slots=True)
class Known:
    shelf: Shelf
    sources: dict[str, str] = field(default_factory=dict)  # media URL -> what it was made of
    copy_of: dict[str, str] = field(default_factory=dict)  # what normalize was given -> first copy
    copies: int = 0  # how many normalize has made
    uploads: int = 0  # how many were opened
    sent: dict[str, str] = field(default_factory=dict)  # media URL as shown -> as sent
    counters: Counters = field(default_factory=Counters)
    last_number: int = FIRST_POST_ID - 1  # of a post

    def copied(self, source: str, media: str) -> None:
        self.sources[media] = source
        self.copies += 1
        if media != source:
            self.copy_of.setdefault(source, media)

    def uploaded(self, source: str, media: str, number: int) -> None:
        """Bytes have a URL now: `source` is their hash, so that posts tell which they show."""
        self.sources[media] = source
        self.uploads = max(self.uploads, number)

    def shows(self, post: Post) -> None:
        """Where a post's media are shown under other URLs, remember which were sent."""
        for shown, sent in zip(post.shown_media, post.sent_media, strict=True):
            if shown != sent:
                self.sent[shown] = sent

    def forget(self) -> None:
        """All but the numbers, which go on."""
        self.shelf.clear()
        self.counters.clear()
        for urls in (self.sources, self.copy_of, self.sent):
            urls.clear()


def replay(lines: Iterable[Line], brands: Mapping[str, Brand]) -> Known:
    """Take every line of an earlier run for true, in order."""
    known = Known(Shelf(brands))
    posts: dict[tuple[int, str], Post] = {}  # the last one that an id and a uuid meant together
    for line in lines:
        if line["event"] == "reset":
            known.last_number, known.copies = line["postId"], line.get("copies", 0)
            known.uploads = line.get("uploads", 0)
        elif line["event"] == "normalized":
            known.copied(line["source"], line["media"])
        elif line["event"] == "uploaded":
            known.uploaded(line["source"], line["media"], line["number"])
        elif line["event"] == "counted":
            known.counters.set(line["account"], from_rfc3339(line["time"]), int(line["detail"]))
        elif "post" in line:
            _shelve(from_snapshot(line["post"]), known, posts)
        elif post := posts.get((line["postId"], line["uuid"])):
            _go_on(post, line, known, brands[post.account])
    return known


def _shelve(post: Post, known: Known, posts: dict[tuple[int, str], Post]) -> None:
    """A post as a line shows it whole, in place of what was known of it."""
    post.number = post.number or post.id
    known.last_number = max(known.last_number, post.number)
    for post_id in (post.replaces, post.id):
        if post_id is not None and (older := posts.pop((post_id, post.uuid), None)):
            known.shelf.take_out(older)
    posts[post.id, post.uuid] = post
    known.shows(post)
    if post.deleted_ms is None:
        known.shelf.put(post)
    else:
        known.shelf.bin(post)


def _go_on(post: Post, line: Line, known: Known, brand: Brand) -> None:
    if line["event"] == "vanished":
        known.shelf.take_out(post)
    elif line["event"] == "deleted" and post.deleted_ms is None:
        post.deleted_ms = from_rfc3339(line["time"])
        known.shelf.bin(post)
    for provider in post.providers:
        if provider.network == line["network"] and line["event"] == "published":
            mark_published(post, provider, brand)
            known.counters.add(post.account, from_rfc3339(line["time"]))
        elif provider.network == line["network"] and line["event"] == "error":
            mark_failed(provider, line["detail"])
