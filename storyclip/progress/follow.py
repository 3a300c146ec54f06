"""A stream from its first byte to its last: one iterator, whatever the wire."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.shown import StreamEnd
from storyclip.progress.cursor import UserCursor
from storyclip.progress.hub import Hub
from storyclip.progress.outbox import Ending
from storyclip.progress.rooms import past
from storyclip.progress.viewer import Encoded, Viewer

log = structlog.get_logger("storyclip")

BEAT_S = 15.0  # proxies give up on a silent line after 30 to 60 s


def follow(hub: Hub, viewer: Viewer, snapshot: bytes, has_ended: bool) -> Iterator[bytes]:
    """Yield what the viewer's own thread has to write: the state, the past, and what gets stuck.

    Between two pieces the hub sends by itself what is committed; most of the time there is nothing
    to yield. The batch's end is the stream's: what Metricool shows later is in the status.

    Args:
        snapshot: the state, as the wire shows it.
        has_ended: whether the one batch had ended by then.
    """
    outbox, wire = viewer.outbox, viewer.wire
    end: StreamEnd | None = None
    try:
        yield snapshot
        del snapshot  # the longest that a stream ever sends, and a stream is long
        try:
            for batch_id in viewer.cursor.batch_ids():
                for data, at_end in _replay(hub, viewer, batch_id):
                    has_ended = at_end
                    yield data
            if isinstance(viewer.cursor, UserCursor) or not has_ended:
                hub.admit(viewer)
            else:
                outbox.end(Ending.DONE)
        except StoreUnavailable as failure:
            log.warning("stream_broken_off", reason=str(failure))
            outbox.end(Ending.FAILED)
        while (stuck := outbox.take(BEAT_S)) is not None:
            yield stuck or wire.beat()
        if not isinstance(viewer.cursor, UserCursor):
            [batch_id] = viewer.cursor.batch_ids()
            end = {"batchId": batch_id, "lastSeq": viewer.cursor.seq(batch_id) or 0}
        assert outbox.ending is not None
        yield wire.farewell(outbox.ending, end)
    finally:
        hub.leave(viewer)


def _replay(hub: Hub, viewer: Viewer, batch_id: str) -> Iterator[tuple[bytes, bool]]:
    """Yield what is in the database after the cursor, and whether the batch ends with it."""
    while True:
        with hub.readers:
            events = past(batch_id, viewer.cursor.seq(batch_id) or 0)
        if not events:
            return
        steps = (viewer.step(event, hub.now(), Encoded()) for event in events)
        yield b"".join(step for step in steps if step is not None), events[-1].has_ended
