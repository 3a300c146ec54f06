"""Why a wish is refused, in words that say what to do instead: every refusal there is.

The words are English; those of other languages are found by the reason and filled with the facts
(`storyclip/web/said/spanish.json`). So a reason has one sentence, and each sentence its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storyclip.domain import doubt
from storyclip.domain.batch import Status
from storyclip.domain.clip import Clip, State
from storyclip.domain.errors import ActionRefused, RefusalCode
from storyclip.domain.refusal_facts import Action, Reason
from storyclip.domain.story import Post
from storyclip.domain.views import rfc3339

_TO_LOOK = (
    "Asking again now could make a second story. Look at the account: if it is not there, and not"
    " pending in Metricool, repeat with confirmAbsent=true."
)
_TO_LET_GO = (
    "Asking again now could make a second story. Let it go out there, or delete it there and ask"
    " again."
)


def cancelled(action: Action) -> ActionRefused:
    """The user ended it for good."""
    return ActionRefused(
        RefusalCode.BATCH_CANCELLED,
        f"It was cancelled, which is for good: it cannot be {action}. Make a new batch.",
        {"reason": Reason.CANCELLED, "action": action},
    )


def ended(status: Status, action: Action) -> ActionRefused:
    """Nothing is left that could be stopped or go on."""
    return ActionRefused(
        RefusalCode.BATCH_ENDED,
        f"It has ended as {status}: nothing is left to be {action}.",
        {"reason": Reason.ENDED, "endedAs": status.value, "action": action},
    )


def not_paused() -> ActionRefused:
    """It goes on already."""
    words = "It is not paused: it goes on by itself."
    return ActionRefused(RefusalCode.NOT_PAUSED, words, {"reason": Reason.NOT_PAUSED})


def none_failed() -> ActionRefused:
    """There is nothing to ask for again."""
    words = "No clip of this batch has failed."
    return ActionRefused(RefusalCode.NOTHING_TO_RETRY, words, {"reason": Reason.NONE_FAILED})


def not_failed(index: int, state: State) -> ActionRefused:
    """This one need not be asked for again."""
    return ActionRefused(
        RefusalCode.NOTHING_TO_RETRY,
        f"Clip {index} has not failed: it is {state}.",
        {"reason": Reason.NOT_FAILED, "clips": [index], "clipStatus": state.value},
    )


def never(clip: Clip, said: str | None) -> ActionRefused:
    """Asking again would be refused again."""
    if not said:
        return ActionRefused(
            RefusalCode.RETRY_REFUSED,
            f"Clip {clip.index} may not be asked for again: it would be refused again.",
            {"reason": Reason.REFUSED_AGAIN, "clips": [clip.index]},
        )
    return ActionRefused(
        RefusalCode.RETRY_REFUSED,
        f"Clip {clip.index} may not be asked for again: {said}.",
        {"reason": Reason.REFUSED_FOR, "clips": [clip.index], "said": said},
    )


def gone(clip: Clip) -> ActionRefused:
    """Only a person can tell whether what Metricool shows no more is out."""
    words = "Metricool does not show it any more, and it may be out"
    return _to_be_confirmed(clip, words, Reason.GONE)


def untold(clip: Clip) -> ActionRefused:
    """Only a person can tell whether what was never seen is out."""
    words = "what Metricool shows does not tell whether it was made"
    return _to_be_confirmed(clip, words, Reason.UNTOLD)


def left_open(clip: Clip, said: str) -> ActionRefused:
    """Only a person can tell: Metricool's words do not."""
    words = "Metricool leaves it open whether it is out"
    if not said:
        return _to_be_confirmed(clip, words, Reason.LEFT_UNSAID)
    return _to_be_confirmed(clip, f"{words} ({said})", Reason.LEFT_OPEN, said)


def deleted_when_due(clip: Clip) -> ActionRefused:
    """Only a person can tell whether it was out before."""
    words = "it was deleted in Metricool when it was due, and may be out"
    return _to_be_confirmed(clip, words, Reason.DELETED_WHEN_DUE)


def too_early(clip: Clip, over_at: datetime) -> ActionRefused:
    """Nobody can tell yet: what was sent may still arrive."""
    return ActionRefused(
        RefusalCode.STILL_PENDING,
        f"Clip {clip.index}: Metricool does not show it, but what was sent may still arrive and"
        f" make the story, until {over_at:%Y-%m-%d %H:%M:%S} UTC. Ask again then: until that time"
        " it cannot be sent again, because that could make a second story.",
        {"reason": Reason.TOO_EARLY, "clips": [clip.index], "until": rfc3339(over_at)},
    )


def is_draft(clip: Clip, post: Post) -> ActionRefused:
    """Metricool has it, and somebody may let it go; nobody's word changes that."""
    return ActionRefused(
        RefusalCode.STILL_PENDING,
        f"Clip {clip.index}: it is a draft in Metricool (post {post.id}{_dated(post)}), and goes"
        f" out when it is none. {_TO_LET_GO}",
        {
            "reason": Reason.IS_DRAFT,
            "clips": [clip.index],
            "postId": post.id,
            "plannedFor": rfc3339(post.planned_for),
        },
    )


def is_there(clip: Clip, post: Post) -> ActionRefused:
    """Metricool has it, and may publish it; nobody's word changes that."""
    return ActionRefused(
        RefusalCode.STILL_PENDING,
        f"Clip {clip.index}: Metricool has it as {post.status} (post {post.id}{_dated(post)}), and"
        f" may publish it. {_TO_LET_GO}",
        {
            "reason": Reason.IS_THERE,
            "clips": [clip.index],
            "said": post.status.value,
            "postId": post.id,
            "plannedFor": rfc3339(post.planned_for),
        },
    )


def order_would_change(late: Sequence[int]) -> ActionRefused:
    """Those clips would come after later ones of their batch."""
    which = ", ".join(map(str, late))
    return ActionRefused(
        RefusalCode.ORDER_WOULD_CHANGE,
        f"Clips after {which} are out or on their way: what is sent now comes after them. Nothing"
        " was changed. Repeat with confirmOrder=true if that is fine.",
        {"reason": Reason.ORDER_WOULD_CHANGE, "clips": [*late], "confirm": "confirmOrder"},
    )


def held(strangers: int) -> ActionRefused:
    """A person has to say first whose so many stories are."""
    words = f"{doubt.words(strangers)} Nothing was changed."
    return ActionRefused(
        RefusalCode.IN_DOUBT, words, {"reason": Reason.HELD, "strangers": strangers}
    )


def nobody_lives() -> ActionRefused:
    """No worker runs that could look whether the rows are the newest."""
    words = (
        f"{doubt.NOBODY_LIVES} Nothing was changed: start one, and try again. A pause is taken at"
        " any time."
    )
    return ActionRefused(RefusalCode.IN_DOUBT, words, {"reason": Reason.NOBODY_LIVES})


def looking() -> ActionRefused:
    """A worker looks whether the rows are the newest."""
    words = f"{doubt.LOOKING} Nothing was changed: try again in a moment."
    return ActionRefused(RefusalCode.IN_DOUBT, words, {"reason": Reason.LOOKING})


def _to_be_confirmed(
    clip: Clip, words: str, reason: Reason, said: str | None = None
) -> ActionRefused:
    refusal = ActionRefused(
        RefusalCode.STILL_PENDING,
        f"Clip {clip.index}: {words}. {_TO_LOOK}",
        {"reason": reason, "clips": [clip.index], "confirm": "confirmAbsent"},
    )
    if said is not None:
        refusal.facts["said"] = said
    return refusal


def _dated(post: Post) -> str:
    return f", dated {post.planned_for:%Y-%m-%d %H:%M} UTC" if post.planned_for else ""
