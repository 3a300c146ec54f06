"""Films of the simulated world: a few bytes each that say what they are, and who reads and mends.

One byte stands for 100 kB. What is decided about a film, and each row of it, is StoryClip's own
code; only the reading and the making are imitated.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from storyclip.domain import upload as parts
from storyclip.flow import mend_file, taking
from storyclip.media import mend, poster, probing
from storyclip.media.cuts import Moment, Sign, even_marks
from storyclip.media.errors import WorkLost
from storyclip.media.facts import Audio, Facts, Kind, Light, Video
from storyclip.media.judging import problems_of
from storyclip.media.moments import tell_nobody
from storyclip.media.plan import Fit, Piece, Plan
from storyclip.media.probing import Probed
from storyclip.sandbox import uploads as theirs
from storyclip.store.files import files
from storyclip.upstream import uploads
from tests.world.scenario import PIECES
from tests.world.times import instant
from tests.world.world import World

BYTES = 100_000  # that one byte stands for
BYTES_A_SECOND = 12
PICTURES = 60  # bytes of a poster or a strip
ONE_PART, LEAST_PART, BLOCK, NOTED = 500, 250, 150, 300  # 50, 25, 15 and 30 MB
NO_SPACE = OSError(errno.ENOSPC, "No space left on device")

# What each sort of film is: codec, seconds, whether its end is missing
SORTS = {
    "fits": ("AVC", 20.0, False),
    "long": ("AVC", 58.0, False),
    "phone": ("HEVC", 31.0, False),
    "two": ("HEVC", 95.0, False),
    "three": ("AVC", 170.0, False),
    "broken": ("AVC", 20.0, True),
}
KEPT = ("fits", "long")  # bit for bit


@dataclass(frozen=True)
class Film:
    """One film of a user's; `name` is its own in the whole world."""

    name: str
    sort: str

    @property
    def data(self) -> bytes:
        """Return its bytes."""
        return _filled({"film": self.name, "sort": self.sort}, SORTS[self.sort][1])

    @property
    def pieces(self) -> list[str]:
        """Return what goes out of it, in order, as the ledger names bytes."""
        if self.sort in KEPT:
            return [_named(self.data)]
        return [_named(_piece(self.name, n)) for n in range(1, PIECES[self.sort] + 1)]


def _piece(film: str, number: int) -> bytes:
    return _filled({"film": film, "piece": number}, 50.0)


def _filled(said: dict[str, object], seconds: float) -> bytes:
    head = json.dumps(said).encode() + b"\n"
    return head.ljust(round(seconds * BYTES_A_SECOND), b".")


def _named(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _said(path: Path) -> dict[str, str]:
    said: dict[str, str] = json.loads(path.read_bytes().partition(b"\n")[0])
    return said


class Tools:
    """The programs that read and make films, each of which takes its time and can be killed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._parts = 0

    def probe(self, source: Path, name: str | None = None) -> Probed:
        """Measure a film."""
        said = _said(source)
        self._takes(1.0, f"probe {said['film']}")
        codec, seconds, is_cut_off = SORTS[said["sort"]]
        facts = _facts(source.stat().st_size, codec, seconds, is_cut_off)
        return Probed(facts, problems_of(facts))

    def find_moments(
        self, source: Path, facts: Facts, going_on: Callable[[], None] = tell_nobody
    ) -> tuple[Moment, ...]:
        """Find a silence near each even mark."""
        marks = even_marks(facts.length_s or 0.0)
        for _ in marks:
            going_on()
        self._takes(2.0, f"moments {_said(source)['film']}")
        return tuple(Moment(at_s + 1.0, Sign.SILENCE) for at_s in marks)

    def picture(self, source: Path, facts: Facts, into: Path, fit: Fit = Fit.BLURRED) -> None:
        """Make a poster or a strip."""
        del facts, fit
        said = _said(source)
        self._takes(0.5, f"picture {said['film']}")
        into.write_bytes(f"{into.suffixes} of {said['film']}".encode().ljust(PICTURES))
        self._age(into)

    def mend(
        self,
        source: Path,
        facts: Facts,
        plan: Plan,
        piece: Piece,
        into: Path,
        progress: Callable[[float], None],
    ) -> Facts:
        """Make one piece."""
        del plan, facts
        film = _said(source)["film"]
        self._parts += 1
        part = into.with_name(f"{into.name}.{self._parts}.part")  # who is killed leaves it
        part.write_bytes(b"")
        self._age(part)
        for tenth in range(10):
            self._takes(piece.estimate_s / 10, f"piece {piece.number} of {film}")
            progress(tenth / 10)
        data = _piece(film, piece.number)
        part.write_bytes(data)
        part.replace(into)
        self._age(into)
        return _facts(len(data), "AVC", piece.length_s, is_cut_off=False)

    def _age(self, path: Path) -> None:
        """Have a file be as old as the world says."""
        now_s = instant(self._world.hub.now_us).timestamp()
        os.utime(path, (now_s, now_s))

    def _takes(self, seconds: float, about: str) -> None:
        world = self._world
        world.gap(about)
        taken = world.one_of(about, ("tool killed", "disk full"), "tool")
        if taken is not None:
            world.record.counts["faults"] += 1
            world.tell("tool", taken)
            if taken.startswith("disk full"):
                raise NO_SPACE
            world.record.lost_work[about.rpartition(" ")[2]] += 1
            raise WorkLost("ffmpeg was killed")
        world.hub.sleep(seconds)


def _facts(size: int, codec: str, seconds: float, is_cut_off: bool) -> Facts:
    video = Video(
        codec, "High", 8, "4:2:0", 1080, 1920, 1080 * 1920, True, 0, 30.0, False, False,
        Light.SDR, False, 8_000_000,
    )  # fmt: skip
    return Facts(
        Kind.VIDEO,
        size * BYTES,
        "MPEG-4",
        length_s=seconds,
        whole_s=seconds,
        index_first=True,
        is_cut_off=is_cut_off,
        video=video,
        audio=Audio("AAC", "LC", 2, 48_000, 1),
    )


class _Names:
    """Gives files their ids in order: the same history has the same ones."""

    def __init__(self) -> None:
        self._last = 0

    def token_urlsafe(self, length: int) -> str:
        """Return the next one."""
        self._last += 1
        return f"{self._last:0{length + 6}d}"


@contextmanager
def imitated(world: World) -> Iterator[None]:
    """Have films read and made by the simulated tools, at the scale of the world."""
    tools = Tools(world)
    instead = (
        (probing, "probe", tools.probe),
        (mend_file, "find_moments", tools.find_moments),
        (poster, "poster", tools.picture),
        (poster, "strip", tools.picture),
        (mend, "mend", tools.mend),
        (parts, "ONE_PART_BYTES", ONE_PART),
        (parts, "MIN_PART_BYTES", LEAST_PART),
        (theirs, "MIN_PART_BYTES", 1),
        (uploads, "BLOCK_BYTES", BLOCK),
        (taking, "NOTED_BYTES", NOTED),
        (files, "secrets", _Names()),
    )
    patches = [patch.object(place, name, value) for place, name, value in instead]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
