"""Where the bytes come from that are brought into Metricool."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from storyclip.domain.clip import Clip
from storyclip.domain.upload import MeasuredFile

Fetch = Callable[[Clip], MeasuredFile]  # has the file of a clip that is an address on the shelf


class Shelf(Protocol):
    """Where the bytes of pieces are."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open the bytes with this name, which can be sought in.

        Raises:
            FileChanged: they are gone.
        """
