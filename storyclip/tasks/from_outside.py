"""A clip's file from its address, by the rules of the outside world."""

from __future__ import annotations

import time
from typing import BinaryIO

from storyclip.domain.upload_errors import SourceNotFetched
from storyclip.line.deadline import CallOver
from storyclip.probe.fetch import ClipNotFetched, Fetcher, NotKept


def from_outside(url: str, into: BinaryIO, within_s: float) -> None:
    """Write the file at `url` into `into`, 100 MB at most.

    Raises:
        SourceNotFetched: it cannot be had within so many seconds; the text says why.
        OSError: the disk does not take it.
    """
    try:
        Fetcher().fetch(url, into, time.monotonic() + within_s)
    except (ClipNotFetched, CallOver) as why:
        raise SourceNotFetched(f"the file cannot be fetched from its address: {why}") from None
    except NotKept as full:
        raise OSError(str(full)) from full
