"""The clips that a request means: an address is one, a file as many as it was cut into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from storyclip.domain.clip_source import FilePiece
from storyclip.domain.errors import RequestInvalid
from storyclip.store.access.keys import Holder
from storyclip.store.files import pieces
from storyclip.web.said.bodies import MAX_POSTS, Post, StoriesRequest

_NOT_READY = (
    "there is no such file of yours that is ready: look at it under /api/metricool/files/, and"
    " wait until its state is ready"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One clip of a request; `source` is its address, or names a piece of a file."""

    client_id: str
    source: str
    title: str


def sequence(stories: StoriesRequest, who: Holder) -> Sequence[Wanted]:
    """Return the clips that a request means, in their order.

    Raises:
        RequestInvalid: a file is not ready, or not theirs; a piece does not exist; too many.
        StoreUnavailable: the database does not answer.
    """
    files = {post.file for post in stories.posts if post.file is not None}
    ready = pieces.ready(files, who.own) if files else {}
    if problems := [
        (f"/posts/{place}/{field}", why)
        for place, post in enumerate(stories.posts)
        for field, why in _objections(post, ready)
    ]:
        raise RequestInvalid(*problems)
    posts = zip(stories.clip_ids(), stories.posts, strict=True)
    clips = [wanted for client_id, post in posts for wanted in _of_post(client_id, post, ready)]
    if len(clips) > MAX_POSTS:
        why = f"with all pieces of the files these are {len(clips)} clips; at most {MAX_POSTS}"
        raise RequestInvalid(("/posts", why))
    return clips


def _objections(post: Post, ready: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, str]]:
    if post.file is None:
        return
    if post.file not in ready:
        yield "file", _NOT_READY
    elif missing := sorted(set(post.pieces or ()) - set(ready[post.file])):
        yield "pieces", f"the file has no piece {missing[0]}; it has {len(ready[post.file])}"


def _of_post(client_id: str, post: Post, ready: Mapping[str, Sequence[int]]) -> Iterator[Wanted]:
    if post.file is None:
        assert post.url is not None
        yield Wanted(client_id, post.url, post.text)
        return
    numbers = post.pieces or ready[post.file]
    for number in numbers:
        own_id = client_id if len(numbers) == 1 else f"{client_id}.{number}"
        yield Wanted(own_id, FilePiece(post.file, number).source, post.text)
