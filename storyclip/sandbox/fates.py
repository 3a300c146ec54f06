"""What a post is going to meet with, fixed when it is made: by Metricool's rules and by faults."""

from collections.abc import Iterable
from dataclasses import replace

from storyclip.sandbox.faults import Faults, Subject
from storyclip.sandbox.posts import Post, Provider

TEXT_ON_STORY = "max characters allowed: 0"  # metricool.md §2.4
STORY_WITHOUT_MEDIA = "a story needs an image or a video"  # [G]


def befall(post: Post, faults: Faults, about: Subject, now_ms: int) -> None:
    """Faults that change what is kept and shown of a post."""
    if faults.take("media_dropped", about):
        post.fields = {**post.fields, "media": [], "mediaAltText": []}
        post.sent_media = []
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


def _each_network(post: Post, about: Subject) -> Iterable[tuple[Provider, Subject]]:
    return [(one, replace(about, networks=(one.network,))) for one in post.providers]
