"""What becomes of a file that has arrived: looked into, then made into pieces that can go out.

Each step is written when it is done. Who is killed over one leaves at most a file that nobody
knows, which the sweep removes; the next one does the step again, with the same bytes as outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog

from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import LostRace, StoryClipError
from storyclip.domain.incident import Incident
from storyclip.domain.upload_errors import FileChanged
from storyclip.domain.user_file import FileState, Trouble, UserFile
from storyclip.flow import take_in
from storyclip.flow.disk_room import has_room_for_one
from storyclip.flow.mend_words import declared, options_of, trouble_of
from storyclip.media import mend, poster, probing
from storyclip.media.errors import FileUnusable, NoRoom, ToolBroken, WorkLost
from storyclip.media.facts import Facts, Kind
from storyclip.media.judging import given_up, gone
from storyclip.media.moments import find_moments
from storyclip.media.plan import Action, Fit, Piece, Plan, plan
from storyclip.media.problem import Problem
from storyclip.spool.local import Spool
from storyclip.store.files import files, media_life, pieces
from storyclip.store.service import incidents

log = structlog.get_logger("storyclip")

HELD = timedelta(seconds=60)  # how long nobody else begins without a sign of life
SIGN_S = 2.0  # between two of them: people watch how far it is
MOST_LOSSES = 4  # killed, or out of time, so often: it is the file
BROKEN = "tool_broken"  # the incident; over when no file waits for a tool any more
AGAIN = timedelta(seconds=30)  # after work that was lost: the disk may be full, or the machine busy


def work_on(
    file_id: str,
    worker: str,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
    spool: Spool,
) -> None:
    """Do what is due about a file, up to its being ready or refused.

    Raises:
        StoreUnavailable: what could not be written is done again.
        NotFound: there is no such file.
        ToolBroken: a program that is needed does not run on this machine.
    """
    at = now()
    file = files.take(file_id, worker, at, at + HELD)
    if file is None or file.sha256 is None:
        return
    try:
        _Work(file, worker, now, monotonic, spool).take_turn()
    except LostRace as lost:
        log.debug("lost_race", file=file.id, reason=str(lost))


class _Work:
    """One worker's turn at one file."""

    def __init__(
        self,
        file: UserFile,
        worker: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        spool: Spool,
    ) -> None:
        self._file = file
        self._worker = worker
        self._now = now
        self._monotonic = monotonic
        self._spool = spool
        self._sign_at = monotonic() + SIGN_S

    def take_turn(self) -> None:
        """Do what is due; what it cannot become is said, and what was lost is done again.

        Raises:
            LostRace, StoreUnavailable: nothing is known of it; somebody has it, or will.
            ToolBroken: a program does not run here; the file waits, and an incident tells of it.
        """
        try:
            self._run()
        except FileUnusable as unusable:
            self._refuse((unusable.problem,))
        except (WorkLost, FileChanged, OSError) as lost:
            log.warning("file_work_lost", file=self._file.id, reason=str(lost))
            may_be_its_fault = isinstance(lost, WorkLost) and not isinstance(lost, NoRoom)
            self._put_off((self._file.losses or 0) + may_be_its_fault, trouble_of(lost))
        except ToolBroken as broken:
            told = Incident(BROKEN, str(broken), f"No file goes on here: {broken}")
            incidents.raise_incident(told, self._now())
            self._put_off(self._file.losses or 0, Trouble.TOOL_BROKEN)
            raise
        except StoryClipError:
            raise
        except Exception:  # a mistake of ours: whoever called tells of it, each time
            self._put_off((self._file.losses or 0) + 1)
            raise
        if incidents.is_open(BROKEN) and not media_life.is_any_held_by(Trouble.TOOL_BROKEN):
            incidents.end(BROKEN, self._now())

    def _run(self) -> None:
        """Look into the file, and make what it can become.

        Raises:
            FileUnusable, WorkLost, FileChanged, ToolBroken, LostRace, StoreUnavailable, OSError
        """
        if self._file.state is FileState.RECEIVING:  # whoever received it died before it was named
            take_in.finish(self._file, self._spool, self._now)
            return
        self._source = self._spool.at_hand(self._file.sha256 or "")
        if self._file.state is FileState.CHECKING:
            self._look()
            return
        assert self._file.facts is not None
        facts = Facts.from_json(self._file.facts)
        if self._file.plan is None:
            self._find_cuts(facts)
            return
        decided = Plan.from_json(self._file.plan)
        if self._make(facts, decided):
            self._note(None, state=FileState.READY, progress=1.0)
        else:
            self._note(self._now(), losses=0)

    def _put_off(self, losses: int, trouble: Trouble | None = None) -> None:
        """Do it again in a while; but not what lost its bytes, nor what again and again is lost."""
        unnamed = self._file.id if self._file.state is FileState.RECEIVING else None
        if self._spool.has_lost(self._file.sha256 or "", unnamed):
            self._refuse((gone(),))
        elif losses >= MOST_LOSSES:
            self._refuse((given_up(losses),))
        else:
            self._note(self._now() + AGAIN, losses=losses, trouble=trouble)

    def _refuse(self, problems: tuple[Problem, ...]) -> None:
        """Say that nothing can be made of it, and why."""
        said = [asdict(problem) for problem in problems]
        self._note(None, state=FileState.REFUSED, problems=said)

    def _look(self) -> None:
        """Decide what becomes of the file; what is quick is done, the rest is for who makes."""
        probed = probing.probe(self._source, self._file.name)
        options = options_of(self._file)
        decided = plan(probed.facts, options)
        found: dict[str, Any] = {
            "facts": probed.facts.as_json(),
            "problems": [asdict(problem) for problem in probed.problems],
            "plan": decided.as_json(),
        }
        if decided.action is Action.REFUSE:
            found["problems"] = [asdict(problem) for problem in decided.reasons]
            self._note(None, state=FileState.REFUSED, **found)
            return
        found |= self._pictures(probed.facts, options.fit)
        if decided.action is Action.KEEP:
            self._put(1, self._file.sha256 or "", probed.facts)
            self._note(None, state=FileState.READY, progress=1.0, **found)
            return
        if decided.action is Action.CUT and options.cut_marks is None:
            found["plan"] = None  # where to cut takes a while to find, and others want a look
        self._note(self._now(), state=FileState.PREPARING, **found)

    def _find_cuts(self, facts: Facts) -> None:
        """Decide where a long video is cut."""
        moments = find_moments(self._source, facts, self._stay)
        decided = plan(facts, options_of(self._file), moments)
        self._note(self._now(), plan=decided.as_json())

    def _pictures(self, facts: Facts, fit: Fit) -> dict[str, str]:
        made = self._spool.making(f"{self._file.id}.poster.jpg")
        poster.poster(self._source, facts, made, fit=fit)
        shown = {"poster": self._spool.keep(made)}
        if facts.kind is Kind.VIDEO:
            made = self._spool.making(f"{self._file.id}.strip.jpg")
            poster.strip(self._source, facts, made, fit=fit)
            shown["strip"] = self._spool.keep(made)
        return shown

    def _make(self, facts: Facts, decided: Plan) -> bool:
        """Make the next piece, and return whether it was the last: others have a turn between."""
        there = {piece.number for piece in pieces.of_file(self._file.id)}
        left = [piece for piece in decided.pieces if piece.number not in there]
        if not left:
            return True
        piece, whole_s = left[0], decided.estimate_s or 1.0
        done_s = sum(one.estimate_s for one in decided.pieces if one.number in there)
        self._one(facts, decided, piece, done_s / whole_s, piece.estimate_s / whole_s)
        return len(left) == 1

    def _one(self, facts: Facts, decided: Plan, piece: Piece, done: float, part: float) -> None:
        if not has_room_for_one(self._spool):
            raise NoRoom("the disk has no room for what is made")
        ending = "jpg" if decided.is_picture else "mp4"
        into = self._spool.making(f"{self._file.id}.{piece.number}.{ending}")

        def tell(fraction: float) -> None:
            self._stay(progress=round(done + part * fraction, 3))

        made = mend.mend(self._source, facts, decided, piece, into, tell)
        sha256 = self._spool.keep(into)
        crashpoint("piece_written")
        self._put(piece.number, sha256, made)

    def _put(self, number: int, sha256: str, facts: Facts) -> None:
        told = declared(self._spool.at_hand(sha256), facts)
        kept = pieces.KeptPiece(number, sha256, sha256, facts.length_s, told)
        pieces.put(self._file.id, self._worker, kept)

    def _stay(self, **facts: object) -> None:
        """Give a sign of life, unless there was one a moment ago.

        Raises:
            LostRace: it is in other hands, or nobody wants it.
        """
        if self._monotonic() >= self._sign_at:
            self._sign_at = self._monotonic() + SIGN_S
            self._note(self._now() + HELD, **facts)

    def _note(self, until: datetime | None, **facts: object) -> None:
        files.note(self._file.id, self._worker, until, **facts)
