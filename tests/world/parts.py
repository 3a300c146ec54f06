"""The line between a media process of ours and Amazon: a part on its way, and what can happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storyclip.domain.upload_errors import PartNotSent
from storyclip.sandbox.answers import Wire
from storyclip.upstream.exchange import Answer
from tests.world.metricool import Metricool

BLOCK_S = 1.2  # that a block of 15 MB takes
ON_THE_LINE = ("part cut", "part unheard", "part unreachable")


class Parts:
    """Carries parts, each of which takes a while, to the sandbox's stand-in for S3."""

    def __init__(self, metricool: Metricool) -> None:
        self._metricool = metricool
        self._world = metricool.world

    def objection_to(self, url: str) -> str | None:
        """Return that every place will do."""
        del url
        return None

    def put(
        self, url: str, headers: Mapping[str, str], blocks: Iterable[bytes], over_at: float
    ) -> Answer:
        """Send the blocks, and return what is answered."""
        world, hub = self._world, self._world.hub
        task = hub.current
        assert task is not None
        about = task.about
        world.gap("before a part")
        taken = world.one_of(f"part {about}", ON_THE_LINE, "part line")
        if taken is not None:
            world.record.counts["faults"] += 1
            world.record.trouble.append((hub.now_us, about))
            world.tell(task.process.name, taken)
        kind = (taken or "").partition(":")[0]
        if kind == "part unreachable":
            raise PartNotSent("the part did not arrive: connection refused")
        body = b""
        for block in blocks:
            body += block
            hub.sleep(BLOCK_S)
            world.gap("over a part")
            is_cut = kind == "part cut" and world.choices.draw(world.choices.nth(str(taken))) < 0.5
            if is_cut or world.monotonic() > over_at:
                raise PartNotSent("the part did not arrive: it was cut")
        answer = self._metricool.take_part(url, headers, body, about)
        hub.sleep(0.1)
        world.gap("after a part")
        if kind == "part unheard" or answer.wire is Wire.DROPPED or world.monotonic() > over_at:
            raise PartNotSent("the part did not arrive: nobody said so")
        named = {name.title(): value for name, value in answer.headers.items()}
        return Answer(answer.status, named, answer.body, has_marked_end=True)

    def stop(self) -> None:
        """Nothing: processes here end by being killed."""
