"""The disk of films: the real spool in a folder of this process, on the world's time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storyclip.spool.arriving import Arriving
from storyclip.spool.local import Spool
from tests.world import times
from tests.world.films import NO_SPACE
from tests.world.world import World

ROOM = 10**12  # bytes, and more than anybody needs
IN_MEMORY = Path("/dev/shm")  # nothing of it is anybody's


@dataclass(frozen=True)
class Copy:
    """All bytes of a disk at one moment, by their place, each with its age."""

    held: Mapping[str, tuple[bytes, float]]


class Disk(Spool):
    """The spool; files are as young as the world says, and may be lost."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(folder)
        self._world = world
        self.prepare()

    def free_bytes(self) -> int:
        """Return that there is room."""
        return ROOM

    @contextmanager
    def arriving_of(self, file_id: str) -> Iterator[Arriving]:
        """Open what has arrived of a file; the disk may be full meanwhile."""
        with super().arriving_of(file_id) as arriving:
            if self._world.take("disk full", f"arriving {self._about}") is not None:
                self._world.record.counts["faults"] += 1
                raise NO_SPACE
            yield arriving

    def _take(self, file: Path, sha256: str) -> None:
        super()._take(file, sha256)
        now_s = times.instant(self._world.hub.now_us).timestamp()
        os.utime(self.path(sha256), (now_s, now_s))

    @property
    def _about(self) -> str:
        task = self._world.hub.current
        return task.about if task is not None else ""

    def copied(self) -> Copy:
        """Return everything there is, as a backup has it."""
        held = {}
        for path in self._folder.glob("*/*"):
            place = str(path.relative_to(self._folder))
            held[place] = (path.read_bytes(), path.stat().st_mtime)
        return Copy(held)

    def put_back(self, copy: Copy) -> None:
        """Have everything as it was, and nothing else."""
        for path in self._folder.glob("*/*"):
            path.unlink()
        for place, (data, at_s) in copy.held.items():
            path = self._folder / place
            path.write_bytes(data)
            os.utime(path, (at_s, at_s))

    def names(self) -> set[str]:
        """Return what is there, by its place."""
        return {str(path.relative_to(self._folder)) for path in self._folder.glob("*/*")}


NOTHING = Copy({})


@contextmanager
def a_disk(world: World) -> Iterator[Disk]:
    """Have an empty disk for one world."""
    folder = tempfile.mkdtemp(dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
    try:
        yield Disk(world, Path(folder))
    finally:
        shutil.rmtree(folder)
