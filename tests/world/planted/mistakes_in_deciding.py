"""Mistakes in what is decided: each is what somebody could write in good faith, in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from storyclip.domain import identity, moves, order, situation
from storyclip.domain.clip import Event, State
from storyclip.domain.clip_words import Told
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.identity import Fate
from storyclip.domain.moves import later, mine
from storyclip.domain.order import Verdict
from storyclip.domain.send import Send
from storyclip.domain.story import Post, PostStatus
from storyclip.flow import audit, confirm, find, retry, settle, step, take_back, watch
from storyclip.flow.asking import put
from storyclip.flow.find import Deleted
from storyclip.store.publishing import recalls
from storyclip.upstream import posts
from tests.world.planted.plant import Plant, always, plant


@plant("kills")
def blind_retry(instead: Plant) -> None:
    """Send again whatever a dead worker had in hand, as a queue with retries does."""

    def again(now_situation: Any, visit: Any) -> Any:
        yield from put(moves.tried(now_situation.clip, mine(visit.now), None))

    instead.of(step._DECISIONS, State.UPLOADING, again)


@plant("lost answers")
def silence_is_failure(instead: Plant) -> None:
    """Take a POST without an answer for one that created nothing."""

    def back(clip: Any, reason: Told, now: Any) -> Any:
        return moves.postponed(clip, later(now), reason, None)

    instead.of(moves, "unanswered", back)


@plant("late calls and wishes")
def what_is_lost_can_wait(instead: Plant) -> None:
    """Look for a story whose answer was lost only once its batch goes on again."""

    def looked_for(now_situation: Any, visit: Any) -> Any:
        if now_situation.batch.pause_requested_at is None:
            yield from settle.settle(now_situation, visit)
        else:
            yield from put(moves.due(now_situation.clip, later(visit.in_s(30))))

    instead.of(step._DECISIONS, State.VERIFYING, looked_for)


@plant("lost answers")
def no_settling(instead: Plant) -> None:
    """Believe at once that what the list lacks is not there."""
    instead.of(settle, "_to_fence_s", always(-1.0))
    instead.of(settle, "_is_second_look", always(True))


@plant("lost answers")
def fence_from_the_intent(instead: Plant) -> None:
    """Count the margin from the intent instead of the latest date asked for."""

    def since_intent(clip: Any, look: Any, visit: Any) -> float:
        settled_at = clip.intended_at + timedelta(seconds=10)
        return float((settled_at - visit.now).total_seconds())

    instead.of(settle, "_to_fence_s", since_intent)


@plant("echo")
def an_echo_is_a_marker(instead: Plant) -> None:
    """Take any media URL for a copy made for this send."""
    instead.of(Send, "is_marked", property(always(True)))


@plant("habits", "everything")
def no_doubt_about_strangers(instead: Plant) -> None:
    """Believe that Metricool always shows our media under the URL we sent."""
    instead.of(settle, "may_be_among", always(False))


@plant("people")
def id_for_identity(instead: Plant) -> None:
    """Know a post by its id."""
    by_id = lambda clip, post: clip.post_id == post.id  # noqa: E731
    for module in (identity, find, audit):
        instead.of(module, "is_of", by_id)


@plant("people")
def the_first_404_believed(instead: Plant) -> None:
    """Call a post deleted because its id is not known."""

    def gone(clip: Any) -> Any:
        yield from ()
        post = Post(clip.post_id, clip.lane.network, (), None, PostStatus.PENDING)
        return Deleted(post, Fate.NOT_OUT)

    instead.of(confirm, "anywhere", gone)
    instead.of(confirm, "LASTING_CHECKS", 0)


@plant("wishes", "dates and wishes", "everything")
def gone_by_a_404(instead: Plant) -> None:
    """Call what we began to delete gone when its id is not known any more."""

    def gone(clip: Any, visit: Any, since: Any) -> Any:
        unwanted = moves.withdrawn(clip)
        yield from put(unwanted)

    def nowhere(clip: Any) -> Any:
        yield from ()

    instead.of(confirm, "anywhere", nowhere)
    instead.of(confirm, "_not_seen_deleted", gone)


@plant("everything", "people")
def deleted_is_not_live(instead: Plant) -> None:
    """Take whatever lies among the deleted for what never went out."""
    for module in (identity, find):
        instead.of(module, "fate_of", always(Fate.NOT_OUT))


@plant("dates and wishes", "everything")
def a_take_back_is_called_off(instead: Plant) -> None:
    """Let a resumed clip be ours again though a DELETE of ours may be under way."""
    kept = take_back.gone

    def called_off(now_situation: Any, visit: Any, deleted: Any) -> Any:
        return kept(now_situation, visit, deleted)

    instead.of(situation, "is_being_taken_back", always(False))
    instead.of(order, "is_being_taken_back", always(False))
    instead.of(take_back, "gone", called_off)


@plant("dates and wishes")
def order_looked_at_backwards_only(instead: Plant) -> None:
    """Decide about order without a look at the clips after."""
    instead.of(order, "_beside", always(Verdict.FREE))


@plant("lost answers", "kills")
def not_held_back_by_a_lost_one(instead: Plant) -> None:
    """Hand over a dated clip while an earlier one is being looked for."""
    kept = order._holds_up

    def holds_up(one: Any, date: Any) -> bool:
        return one.state is not State.VERIFYING and kept(one, date)

    instead.of(order, "_holds_up", holds_up)
    instead.of_sql("UNCERTAIN")


@plant("habits", "everything")
def the_next_before_a_look(instead: Plant) -> None:
    """Hand over the next dated clip before the one before was seen on its date."""
    kept = moves.accepted

    def seen_already(clip: Any, post: Any, now: Any) -> Any:
        move = kept(clip, post, now)
        return replace(move, after=replace(move.after, seen_at=now))

    instead.of(moves, "accepted", seen_already)


@plant("dates and wishes", "wishes")
def retry_forgets_the_date(instead: Plant) -> None:
    """Send a retried clip now, whatever its own date is."""
    instead.of(retry, "_wished_for", lambda clip, asked: asked.now)


@plant("calm", "habits")
def publishing_is_published(instead: Plant) -> None:
    """Call a clip published while Metricool is still at it."""
    kept = confirm._seen

    def seen(now_situation: Any, visit: Any, post: Any) -> Any:
        if post.status is PostStatus.PUBLISHING:
            post = replace(post, status=PostStatus.PUBLISHED)
        yield from kept(now_situation, visit, post)

    instead.of(confirm, "_seen", seen)


@plant("habits")
def unconfirmed_is_published(instead: Plant) -> None:
    """Count a clip as published when the checks are used up."""
    kept = watch.unconfirmed

    def live(clip: Any, visit: Any, words: Told, code: ErrorCode, checks: int | None = None) -> Any:
        move = kept(clip, visit, words, code, checks)
        if clip.state is not State.WAITING_CONFIRMATION:
            return move
        after = replace(move.after, state=State.PUBLISHED, error=None, published_at=visit.now)
        return replace(move, after=after, event=Event.SEEN_LIVE)

    instead.of(confirm, "unconfirmed", live)


@plant("everything", "habits")
def every_error_is_safe(instead: Plant) -> None:
    """Let whatever Metricool calls failed be asked for again without a look."""
    instead.of(posts, "classify_network_error", always(RetrySafety.SAFE))


@plant("people", "everything")
def a_copy_is_a_twin(instead: Plant) -> None:
    """Delete whatever shows our media under an id that no row of ours holds."""
    kept = audit._came_of

    def came_of(one: Any, clip: Any, listed: Any) -> Any:
        found = kept(one, clip, listed)
        same = [p for p in listed if one.media_url in p.media_urls and p.uuid != clip.post_uuid]
        return found or next(iter(same), None)

    instead.of(audit, "_came_of", came_of)
    instead.of(audit, "_is_twin", always(True))
    instead.of(audit, "sent_as", always(0))


@plant("late calls and wishes")
def no_audit(instead: Plant) -> None:
    """Never look for what came late."""
    instead.of(audit, "_came_of", always(None))


@plant("late calls and wishes", "dates and wishes")
def taken_back_all_at_once(instead: Plant) -> None:
    """Take back whatever a paused batch has upstream, in any order."""
    instead.of(take_back, "is_last_upstream", always(True))
    instead.of(recalls, "look_from_the_last", recalls.look_at_once)
