"""Where the posts are: an id leads to at most one that is there, and to any number of deleted ones.

An id set free by an edit or a deletion may be given to another post (metricool.md §3.4); a post is
its uuid.
"""

from collections.abc import Iterable, Iterator

from storyclip.sandbox.posts import Post
from storyclip.sandbox.refusals import Gone


class Shelf:
    def __init__(self, accounts: Iterable[str]) -> None:
        self._there: dict[int, Post] = {}
        self._there_of: dict[str, dict[int, Post]] = {account: {} for account in accounts}
        self._deleted_of: dict[str, list[Post]] = {account: [] for account in self._there_of}
        self._freed_of: dict[str, dict[int, None]] = {account: {} for account in self._there_of}

    def put(self, post: Post) -> None:
        """A post that is there from now on."""
        self._there[post.id] = self._there_of[post.account][post.id] = post
        self._freed_of[post.account].pop(post.id, None)

    def bin(self, post: Post) -> None:
        """A post that is among the deleted from now on."""
        self.take_out(post)
        self._deleted_of[post.account].append(post)

    def take_out(self, post: Post) -> None:
        """A post that is nowhere from now on; its id is free if it had it."""
        if self._there.get(post.id) is post:
            del self._there[post.id]
            del self._there_of[post.account][post.id]
            self._freed_of[post.account][post.id] = None
        elif post.deleted_ms is not None:
            deleted = self._deleted_of[post.account]
            self._deleted_of[post.account] = [one for one in deleted if one is not post]

    def find(self, account: str | None, post_id: int) -> Post:
        """Raises: Gone for an unknown or deleted id, or one of another account."""
        post = self._there.get(post_id)
        if post is None or account not in (None, post.account):
            raise Gone(post_id)
        return post

    def has(self, post_id: int) -> bool:
        return post_id in self._there

    def peek(self, post_id: int) -> Post | None:
        """The post that this id leads to, or else the last deleted one that it led to."""
        if post_id in self._there:
            return self._there[post_id]
        found = (self.last_deleted(account, post_id) for account in self._deleted_of)
        return next((post for post in found if post is not None), None)

    def last_deleted(self, account: str, post_id: int) -> Post | None:
        deleted = reversed(self._deleted_of[account])
        return next((post for post in deleted if post.id == post_id), None)

    def of(self, account: str) -> Iterable[Post]:
        return self._there_of[account].values()

    def deleted(self, account: str) -> list[Post]:
        return list(self._deleted_of[account])

    def all(self) -> Iterator[Post]:
        """Every post, deleted or not."""
        yield from self._there.values()
        for deleted in self._deleted_of.values():
            yield from deleted

    def last_freed(self, account: str) -> int | None:
        """The id that this brand set free last and nobody has now."""
        return next(reversed(self._freed_of[account]), None)

    def is_free(self, account: str, post_id: int) -> bool:
        return post_id in self._freed_of[account]

    def clear(self) -> None:
        self._there.clear()
        for posts in (self._there_of, self._freed_of):
            for of_one in posts.values():
                of_one.clear()
        for deleted in self._deleted_of.values():
            deleted.clear()
