"""What really happened in a world, and what each caller was told: all that the judge believes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from storyclip.upstream.lists import MAX_SPLITS

MOST_CALLS = 700  # to Metricool for one clip, over days: what is lost far ahead is asked for hourly

PARTS = 2 * MAX_SPLITS + 1  # of a list that has pages, each asked for by itself
LOOKED_AT_BY_EACH = 5  # times as many for a lane, which each process that begins looks at


@dataclass(slots=True)
class Sent:
    """One POST of ours: when it left, when Metricool handled it, and what it made there.

    `is_echoed`: its media URL is the source's own. `is_lost`: its worker lived and got no answer.
    `is_disguised`: Metricool shows it nowhere with the media that was sent.
    """

    clip: str
    began_us: int
    handled_us: int | None = None
    uuid: str | None = None
    planned_us: int | None = None
    media_url: str = ""
    is_echoed: bool = False
    is_lost: bool = False
    is_disguised: bool = False
    told: str | None = None  # the process that read its answer


@dataclass(slots=True)
class Live:
    """One story that went out, whatever Metricool calls it."""

    at_us: int
    uuid: str
    planned_us: int
    lane: tuple[str, str]


@dataclass(slots=True)
class Deletion:
    """One DELETE of ours that Metricool handled, and the post that it hit."""

    about: str
    began_us: int
    at_us: int
    uuid: str
    theirs: bool


@dataclass(slots=True)
class Told:
    """One act of a user, and its answer; None when the web died before it gave one."""

    batch: str
    act: str
    began_us: int
    at_us: int | None = None
    answer: dict[str, Any] | None = None
    refusal: str | None = None


@dataclass(slots=True)
class Touched:
    """One act of a person in the planner, upon a post of ours or of anybody's."""

    at_us: int
    act: str
    uuid: str
    clip: str | None


@dataclass(slots=True)
class Escaped:
    """An exception that came out where none may."""

    at_us: int
    about: str
    error: str


@dataclass(slots=True)
class Asked:
    """A batch as it was asked for; `dates_us` are the dates promised, none in mode now."""

    batch: str
    at_us: int
    mode: str
    lane: tuple[str, str]
    count: int
    dates_us: tuple[int, ...]
    on_failure: str
    key: str | None


@dataclass(slots=True)
class Ending:
    """A batch as it is shown at the end, and everything that was ever said about it."""

    batch: str
    summary: dict[str, Any]
    clips: list[dict[str, Any]]
    events: list[dict[str, Any]]


@dataclass(slots=True)
class Restored:
    """Rows put back to what they were at a moment; `lost` are the batches as they were till then.

    `event_us` is when each event of those was announced; `last` the last number that each batch has
    in the rows that were put back.
    """

    backup_us: int
    at_us: int
    lost: list[Ending]
    event_us: dict[tuple[str, int], int]
    last: dict[str, int]


@dataclass(slots=True)
class Copied:
    """A copy of the database that was started elsewhere: what it asked Metricool, what it said."""

    at_us: int
    calls: list[str]
    why: str | None  # nothing is sent there


@dataclass(slots=True)
class Hold:
    """What somebody held who stood still in a transaction: a lane's row, or (0) the database.

    It may also be the database itself that was away.

    `given_up`: for which clip (by row and by name) which worker could not write; `wanted`: which of
    them were to move once it was free; `moved_us`: when one did, or its lane. `standing`: other
    lanes that did not move meanwhile.
    """

    lane_id: int
    from_us: int
    freed_us: int | None = None
    moved_us: int | None = None
    given_up: list[tuple[int, str, str]] = field(default_factory=list)
    wanted: set[str] = field(default_factory=set)
    standing: list[int] = field(default_factory=list)
    has_clock_waited: bool = False


@dataclass(slots=True)
class FilmEnd:
    """What became of one film that a user brought, as it was told; None is never."""

    name: str
    sort: str
    state: str | None = None
    requests: int = 0
    tries: int = 0  # that went wrong
    looks: int = 0  # at what becomes of it
    is_given_up: bool = False  # by its user
    lacks_pieces: bool = False  # though it is called ready


@dataclass(slots=True)  # it has more facts than attributes in a dictionary are fast for
class Record:
    """Everything of one history, in the order it happened."""

    telling: bool = False
    lines: list[tuple[int, str, str]] = field(default_factory=list)  # of the story
    asked: dict[str, Asked] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    lives: list[Live] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    escaped: list[Escaped] = field(default_factory=list)
    owner: dict[str, str] = field(default_factory=dict)  # uuid of a post -> clip
    copied: dict[str, str] = field(default_factory=dict)  # uuid of a person's copy -> clip
    theirs_since: dict[str, int] = field(default_factory=dict)  # ours that a person restored
    restored_us: dict[str, int] = field(default_factory=dict)  # when a person last restored one
    failed_us: dict[str, int] = field(default_factory=dict)  # when a post last failed
    counts: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)  # to Metricool, by whom they are about
    trouble: list[tuple[int, str]] = field(default_factory=list)  # when a call failed, about whom
    holds: list[Hold] = field(default_factory=list)
    upset_us: list[int] = field(default_factory=list)  # when a process or the store was disturbed
    nobody_us: list[tuple[int, int]] = field(default_factory=list)  # when all workers stood still
    event_us: dict[tuple[str, int], int] = field(default_factory=dict)  # when it was announced
    endings: list[Ending] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)  # how often each URL was handed out
    opened: Counter[str] = field(default_factory=Counter)  # uploads, by clip
    lost_work: Counter[str] = field(default_factory=Counter)  # programs that were killed, by film
    shown_bytes: dict[str, str | None] = field(default_factory=dict)  # uuid of a post -> their hash
    removed_bytes: set[str] = field(default_factory=set)  # by their user
    wanted_bytes: dict[str, list[str]] = field(default_factory=dict)  # of each batch's clips
    films: list[FilmEnd] = field(default_factory=list)
    film_states: list[tuple[str, str]] = field(default_factory=list)  # at the end, by its rows
    open_transfers: list[int] = field(default_factory=list)  # at the end, by clip
    disk_us: list[int] = field(default_factory=list)  # when the disk of films was lost or set back
    left_over: set[str] = field(default_factory=set)  # on it, when all is over
    lost_bytes: list[tuple[str, str]] = field(default_factory=list)  # of which film, and what
    glimpses: list[Ending] = field(default_factory=list)  # batches as they were shown on the way
    restored: list[Restored] = field(default_factory=list)
    copies_started: list[Copied] = field(default_factory=list)
    adopted: list[tuple[int, str, str]] = field(default_factory=list)  # when, uuid, clip
    revoked_us: list[int] = field(default_factory=list)  # when the user's right was taken away
    allowed_us: list[int] = field(default_factory=list)  # when it was given back
    asked_us: dict[str, int] = field(default_factory=dict)  # of which post a person was asked, when
    held_events: set[tuple[str, int]] = field(default_factory=set)  # of batches that were held
    killed: set[str] = field(default_factory=set)  # processes
    known_uuids: set[str] = field(default_factory=set)  # of posts that a row knows at the end
    metricool_ahead_us: int = 0  # of its clock
    tells_time: bool = True  # Metricool, in its answers
    is_quota_small: bool = False
    has_pages: bool = False  # Metricool's lists
    held_at_end: list[str] = field(default_factory=list)  # lanes
    ended_us: int = 0
    endless: str | None = None  # who asks Metricool without an end

    def most_calls(self, about: str) -> int:
        """Return how many calls to Metricool about a clip or a lane are not without an end.

        Whoever is killed before it wrote what it saw has its call made once more.
        """
        most = (MOST_CALLS + self.counts["kills"]) * (PARTS if self.has_pages else 1)
        return most * (LOOKED_AT_BY_EACH if about.startswith("lane ") else 1)

    @property
    def is_calm(self) -> bool:
        """Return whether nothing happened that anybody would have to cope with."""
        return not (self.counts["kills"] or self.counts["faults"] or self.counts["people"])

    def is_lost(self, from_us: int, to_us: int | None) -> bool:
        """Return whether what was written in between is in rows that are lost, or some of it."""
        return any(
            (to_us is None or to_us >= one.backup_us) and from_us < one.at_us
            for one in self.restored
        )

    def tell(self, at_us: int, who: str, what: str) -> None:
        """Add a line to the story."""
        self.lines.append((at_us, who, what))
