"""What a post is going to meet with, fixed when it is made: by Metricool's rules and by faults."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from storyclip.sandbox.clock import rfc3339
from storyclip.sandbox.faults import Faults, Subject
from storyclip.sandbox.posts import Post, Provider

TEXT_ON_STORY = "max characters allowed: 0"  # metricool.md §2.4
STORY_WITHOUT_MEDIA = "a story needs an image or a video"  # [G]


PLANNER = "https://static.metricool.com/planner"
OTHER_HOST = "media.metricool.com"
OPEN_WORDS = "Code: 500 Internal Server Error"  # seen in detailedStatus, metricool.md §7.4


def befall(post: Post, faults: Faults, about: Subject, freed: int | None, now_ms: int) -> None:
    """Faults that change what a post is called and what is kept and shown of it.

    `freed` is the id that its brand set free last.
    """
    if post.replaces is None and faults.take("negative_uuid", about):
        post.uuid = f"-{post.uuid}"
    if freed is not None and faults.take("id_given_again", about):
        post.id = freed
    if faults.take("media_dropped", about):
        post.fields = {**post.fields, "media": [], "mediaAltText": []}
        post.sent_media = []
    if faults.take("media_rehosted", about):
        post.fields = {**post.fields, "media": _rehosted(post, now_ms)}
    if fault := faults.take("media_other_in_lists", about):
        post.listed_media = [_elsewhere(url, fault.words) for url in post.shown_media]
    if fault := faults.take("list_lags", about):
        post.listed_from_ms = now_ms + fault.delay_ms
    if fault := faults.take("get_404_after_create", about):
        post.found_from_ms = now_ms + fault.delay_ms


def end_by_rule(post: Post, *, accept_story_text: bool) -> None:
    """A story with text or without media fails, each network by itself."""
    for provider in post.providers:
        if post.is_story(provider.network):
            if post.fields["text"] and not accept_story_text:
                provider.ending, provider.ending_words = "ERROR", TEXT_ON_STORY
            if not post.shown_media:
                provider.ending, provider.ending_words = "ERROR", STORY_WITHOUT_MEDIA


def end_by_fault(post: Post, faults: Faults, about: Subject) -> None:
    for provider, subject in _each_network(post, about):
        if fault := faults.take("publishing_for_long", subject):
            provider.hold_ms = fault.delay_ms
        if faults.take("never_publishes", subject):
            provider.ending = None
        if faults.take("awaiting_confirmation", subject):
            provider.ending = "AWAITING_CONFIRMATION"
            provider.ending_words = "Waiting for confirmation"
        if fault := faults.take("unknown_status", subject):
            provider.ending = provider.ending_words = fault.words or "IN_REVIEW"
        if fault := faults.take("network_error", subject):
            provider.ending = "ERROR"
            provider.ending_words = fault.words or "Error validating access token"
        if fault := faults.take("network_error_but_live", subject):
            provider.ending, provider.live_anyhow = "ERROR", True
            provider.ending_words = fault.words or OPEN_WORDS


def _rehosted(post: Post, now_ms: int) -> list[str]:
    """Metricool's own copies, in the form of eight captures. Source: metricool.md §3.7."""
    folder = f"{PLANNER}/{rfc3339(now_ms)[:7].replace('-', '')}"
    numbers = [f"{post.number}{n or ''}" for n in range(len(post.shown_media))]
    return [f"{folder}/{post.account}-file-{number}.mp4" for number in numbers]


def _elsewhere(url: str, words: str | None) -> str:
    """The same file under another host, or with a query when `words` begin with a ?."""
    if words is not None and words.startswith("?"):
        return url + words
    return urlsplit(url)._replace(netloc=words or OTHER_HOST).geturl()


def _each_network(post: Post, about: Subject) -> Iterable[tuple[Provider, Subject]]:
    return [(one, replace(about, networks=(one.network,))) for one in post.providers]
