"""What can go wrong with a file, by what the caller can do about it."""

from __future__ import annotations

from storyclip.domain.errors import StoryClipError
from storyclip.media.problem import Problem


class FileUnusable(StoryClipError):
    """The file is to blame: asking again gives the same. `problem` says why."""

    def __init__(self, problem: Problem, words: str = "") -> None:
        super().__init__(" ".join(filter(None, (problem.code, words))))
        self.problem = problem


class WorkLost(StoryClipError):
    """Killed, out of time or of room: nothing was made, and it may be asked for again."""


class NoRoom(WorkLost):
    """The disk is full: no fault of the file's."""


class ToolBroken(StoryClipError):
    """A program that we need does not run on this machine: a person has to look."""
