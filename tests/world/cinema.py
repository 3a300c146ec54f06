"""All that films bring into a world: a disk, media processes, those who bring them, and the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from storyclip.flow.sweep_files import sweep
from tests.world import film_rows
from tests.world.bringing import Bringing
from tests.world.disk import NOTHING, Disk, a_disk
from tests.world.films import imitated
from tests.world.media import MediaProcesses
from tests.world.restoring import Restoring
from tests.world.times import instant
from tests.world.web import Web
from tests.world.workers import Workers
from tests.world.world import World

KEPT = timedelta(hours=24)  # what nobody needs any more


@dataclass(frozen=True)
class Cinema:
    """The films of one world."""

    begin: Callable[[], None]
    committed: Callable[[], None]
    end: Callable[[], None]


@contextmanager
def opened(workers: Workers, web: Web, restoring: Restoring) -> Iterator[Cinema]:
    """Have films in a world that anybody brings some to."""
    world = workers.metricool.world
    if not world.scenario.has_films:
        yield Cinema(_nothing, _nothing, _nothing)
        return
    with a_disk(world) as disk, imitated(world):
        media = MediaProcesses(workers, disk)

        def lose(name: str) -> None:
            world.record.counts["faults"] += 1
            world.record.disk_us.append(world.hub.now_us)
            world.tell("machine", f"the disk of films is lost: {name}")
            disk.put_back(NOTHING)

        def end_others() -> list[str]:
            names = list(media.end_all())
            world.hub.at(0.01, media.begin_anew)
            return names

        world.lose_disk = lose
        restoring.disk, restoring.end_others = disk, end_others

        def begin() -> None:
            media.begin()
            for plan in world.scenario.batches:
                if plan.films:
                    Bringing(workers, web, disk, plan)

        yield Cinema(begin, media.committed, lambda: _end(world, disk))


def _end(world: World, disk: Disk) -> None:
    """Sweep as though what is young were so no more, and again when nothing is needed any more."""
    record, now = world.record, instant(world.hub.now_us)
    record.film_states = [(film.name, film.state) for film in film_rows.all_films()]
    record.open_transfers = film_rows.open_transfers()
    sweep(now, disk)  # the next hourly one removes what is over by now
    kept = film_rows.all_films()
    sweep(now, disk, young=timedelta(seconds=-1))
    there = disk.names()
    for film in kept:
        record.lost_bytes += [(film.name, name) for name in film.needs if name not in there]
    record.left_over |= _unknown(there)
    sweep(now + 2 * KEPT, disk)
    there = disk.names()
    record.left_over |= _unknown(there)
    if not film_rows.is_any_batch_open():
        record.left_over |= there


def _unknown(names: set[str]) -> set[str]:
    known = film_rows.known()
    return {name for name in names if name.rpartition("/")[2] not in known}


def _nothing() -> None:
    """Have no films."""
