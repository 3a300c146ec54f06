"""A user who brings films by tus, goes on where it was cut off, and then asks for their batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from storyclip.domain.errors import LostRace, NotFound, StoreUnavailable
from storyclip.domain.file_errors import (
    ChecksumWrong,
    FileInHand,
    FileInUse,
    OffsetWrong,
    SpoolFull,
)
from storyclip.domain.upload_errors import FileChanged
from storyclip.flow.take_in import Announced
from tests.world.disk import Disk
from tests.world.films import BLOCK, Film
from tests.world.record import FilmEnd
from tests.world.scenario import BatchPlan
from tests.world.web import Web
from tests.world.workers import Workers, escaped

UNANSWERED_S = 20.0  # until a client takes a request for lost
AGAIN_S, LOOK_S = 2.0, 5.0
BLOCK_S = 0.5
MOST_TRIES, MOST_LOOKS = 100, 150  # until its user gives a film up: an hour, four hours
TOLD = ("ready", "refused")
ASK_AGAIN = (
    LostRace,
    StoreUnavailable,
    ChecksumWrong,
    FileInHand,
    OffsetWrong,
    SpoolFull,
    OSError,
)
BEGIN_ANEW = (NotFound, FileChanged)  # what a tus client makes of 404 and 410


Then = tuple[float, "Step"] | None  # the next request, in so many seconds
Step = Callable[[int], Then]


class LineCut(Exception):
    """The user's connection is gone."""


class Bringing:
    """The films of one batch on their way, one after the other."""

    def __init__(self, workers: Workers, web: Web, disk: Disk, plan: BatchPlan) -> None:
        self._metricool = workers.metricool
        self._world = workers.metricool.world
        self._web, self._disk, self._plan = web, disk, plan
        self._films = [Film(f"{plan.name}/{n}", sort) for n, sort in enumerate(plan.films, 1)]
        self._ends = [FilmEnd(film.name, film.sort) for film in self._films]
        self._ids: dict[str, str] = {}  # by name
        self._is_asked_for = False
        self._world.record.films += self._ends
        for number in range(len(self._films)):
            self._next(plan.at_s, number, self._begin)

    def _next(self, after_s: float, number: int, what: Step) -> None:
        """Make a request after a while, and again should nobody answer it."""
        film, end = self._films[number], self._ends[number]
        end.requests += 1
        mine = end.requests

        def request() -> None:
            failure: Exception | None = None
            then: Then = None
            try:  # the rows may have been put back since it was asked for
                then = what(number) if film.name in self._ids else self._begin(number)
            except (*BEGIN_ANEW, *ASK_AGAIN, LineCut) as said:
                failure = said
            except Exception as mishap:
                escaped(self._metricool, f"film {film.name}", mishap)
                return
            if end.requests != mine:
                return  # the client has asked anew meanwhile
            if isinstance(failure, BEGIN_ANEW):
                self._ids.pop(film.name, None)
            if failure is not None:
                then = self._later(end, self._again(film))
            if then is not None:
                self._next(then[0], number, then[1])

        def unanswered() -> None:
            if end.requests == mine and end.state not in TOLD:
                self._next(0.0, number, self._again(film))

        self._web.ask(after_s, f"film {film.name}", request)
        self._world.hub.at(after_s + UNANSWERED_S, unanswered)

    def _again(self, film: Film) -> Step:
        return self._send if film.name in self._ids else self._begin

    def _later(self, end: FilmEnd, what: Step) -> Then:
        """Try again, for as long as anybody would."""
        end.tries += 1
        if end.tries <= MOST_TRIES:
            return AGAIN_S * min(end.tries, 30), what
        end.is_given_up = True
        self._go_on()
        return None

    def _begin(self, number: int) -> Then:
        film = self._films[number]
        sha256 = hashlib.sha256(film.data).hexdigest()
        knows = self._world.choices.draw(f"hash of {film.name}") < 0.3
        wanted = Announced(film.name, len(film.data), {}, sha256 if knows else None)
        self._world.tell("user", f"announces film {film.name}")
        file = self._web.our.announce(wanted, self._disk)
        self._ids[film.name] = file.id
        return 0.1, self._send

    def _send(self, number: int) -> Then:
        film, our = self._films[number], self._web.our
        file = our.file(self._ids[film.name])
        if file.received < file.size:
            our.receive(file.id, file.received, self._blocks(film, file.received), self._disk)
        return LOOK_S, self._look

    def _blocks(self, film: Film, offset: int) -> Iterator[bytes]:
        for at in range(offset, len(film.data), BLOCK):
            self._world.hub.sleep(BLOCK_S)
            if self._world.take("film cut", f"film {film.name}") is not None:
                raise LineCut
            yield film.data[at : at + BLOCK]

    def _look(self, number: int) -> Then:
        film, end = self._films[number], self._ends[number]
        file = self._web.our.file(self._ids[film.name])
        if file.state.value not in TOLD:
            end.looks += 1
            if end.looks > MOST_LOOKS:
                end.is_given_up = True
                self._go_on()
                return None
            missing = file.received < file.size
            return min(LOOK_S * end.looks, 120.0), self._send if missing else self._look
        end.state = file.state.value
        self._world.tell("user", f"is told that film {film.name} is {end.state}")
        self._remove_later(film)
        self._go_on()
        return None

    def _go_on(self) -> None:
        """Ask for the batch, once nothing more becomes of any of its films."""
        if any(end.state not in TOLD and not end.is_given_up for end in self._ends):
            return
        if self._is_asked_for:
            return
        self._is_asked_for = True
        ready = [
            film for film, end in zip(self._films, self._ends, strict=True) if end.state == "ready"
        ]
        if ready:
            name = self._plan.name
            self._web.ask(1.0, f"create {name}", lambda: self._create(ready))

    def _create(self, films: Sequence[Film]) -> None:
        sources = self._web.our.sources([self._ids[film.name] for film in films])
        for film in films:
            if len(self._web.our.sources([self._ids[film.name]])) != len(film.pieces):
                end = next(end for end in self._ends if end.name == film.name)
                end.lacks_pieces = True
                return
        self._web.create_of(self._plan, sources, films)

    def _remove_later(self, film: Film) -> None:
        world = self._world
        if (name := world.take("film removed", f"film {film.name}")) is None:
            return
        after_s = world.choices.between(name, 5, 3600)

        def remove() -> None:
            world.record.counts["people"] += 1
            world.tell("user", f"removes film {film.name}")
            try:
                self._web.our.remove(self._ids[film.name])
                world.record.removed_bytes |= set(film.pieces)
            except (NotFound, FileInUse, StoreUnavailable) as refusal:
                world.tell("user", f"keeps film {film.name}: {refusal}")

        self._web.ask(after_s, f"film {film.name}", remove)
