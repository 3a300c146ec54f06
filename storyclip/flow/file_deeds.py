"""What a decision asks of the hand about a clip that is a file."""

from __future__ import annotations

from dataclasses import dataclass

from storyclip.domain.clip import Clip
from storyclip.domain.clip_source import FilePiece


@dataclass(frozen=True, slots=True)
class BringFile:
    """Have the bytes of a clip that is a file brought into Metricool, for its next send.

    Answered with whether there are any.
    """

    clip: Clip
    piece: FilePiece


@dataclass(frozen=True, slots=True)
class IsFileLeft:
    """Ask whether the bytes of a clip are due, and no media process is there to bring them."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class ForgetFile:
    """Have the bytes of a clip brought anew, should it ever be asked for again."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class FetchFile:
    """Have the file of a clip be fetched from its address, and brought into Metricool."""

    clip: Clip
