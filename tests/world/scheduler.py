"""One thread, virtual time: tasks are greenlets, processes can be killed and frozen."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from greenlet import getcurrent, greenlet

from tests.world.times import SECOND_US


class Killed(BaseException):
    """The process in which this is raised is no more."""


class Process:
    """An operating system's process: what lives, stands still and dies as one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.frozen_until_us = 0
        self.tasks: dict[Task, None] = {}


class Task:
    """One line of work in a process; `about` says for whom, for choices and for the story."""

    __slots__ = ("about", "greenlet", "process", "token", "work")

    def __init__(self, process: Process, about: str, work: Callable[[], None]) -> None:
        self.process = process
        self.about = about
        self.work = work
        self.token = 0  # of the wait it is in; an older one wakes nobody
        self.greenlet: greenlet | None = None  # once it has begun, until its end

    def run(self) -> None:
        """Do the work."""
        try:
            self.work()
        except Killed:
            pass
        finally:
            self.greenlet = None
            self.process.tasks.pop(self, None)


class Hub:
    """The scheduler: whatever is due first happens first, one thing at a time."""

    def __init__(self) -> None:
        self.now_us = 0
        self.current: Task | None = None
        self.is_over = False  # nothing more happens
        self.before_waiting: Callable[[], None] | None = None  # told before time gets to
        self.told_at_us = 0  # this moment, once
        self._main = getcurrent()
        self._queue: list[tuple[int, int, Task | Callable[[], None], int, Any]] = []
        self._number = count()

    def at(self, after_s: float, happening: Callable[[], None]) -> None:
        """Have something happen that waits for nothing itself."""
        at_us = self.now_us + round(after_s * SECOND_US)
        heapq.heappush(self._queue, (at_us, next(self._number), happening, 0, None))

    def spawn(
        self, process: Process, about: str, work: Callable[[], None], after_s: float = 0.0
    ) -> Task:
        """Begin a task in a process; it ends with its work, or is killed with its process."""
        task = Task(process, about, work)
        process.tasks[task] = None
        self._push(self.now_us + round(after_s * SECOND_US), task, 0, None)
        return task

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current task; raises Killed when its process dies meanwhile."""
        self.wake(self.begin_wait(), seconds, None)
        self.wait()

    def begin_wait(self) -> tuple[Task, int]:
        """Return the ticket by which the current task can be woken from the wait it begins."""
        task = self.current
        assert task is not None
        task.token += 1
        return task, task.token

    def wait(self) -> Any:
        """Stand until woken; return what the waker brought."""
        return self._main.switch()

    def wake(self, ticket: tuple[Task, int], after_s: float, value: Any) -> None:
        """Wake a waiting task after a while; of several that wake it, the first one does."""
        self._push(self.now_us + round(after_s * SECOND_US), ticket[0], ticket[1], value)

    def kill(self, process: Process) -> None:
        """End a process with all its tasks, wherever they stand.

        Should the caller be one of them, it raises Killed itself.
        """
        process.alive = False
        self.at(0.0, lambda: self._unwind(process))

    def run(self, until_us: int) -> bool:
        """Let things happen up to a moment; return whether nothing at all is left to happen."""
        queue = self._queue
        while not self.is_over:
            if (tell := self.before_waiting) and (not queue or queue[0][0] >= self.told_at_us):
                self.before_waiting = None
                tell()
            if not queue or queue[0][0] > until_us:
                self.now_us = max(self.now_us, until_us)
                return not queue
            at_us, _, target, token, value = heapq.heappop(queue)
            if at_us > self.now_us:
                self.now_us = at_us
            if isinstance(target, Task):
                self._resume(target, token, value)
            else:
                target()
        return True

    def abandon(self) -> None:
        """End the world: unwind whatever still waits."""
        for _, _, target, _, _ in self._queue:
            if isinstance(target, Task):
                target.process.alive = False
                self._unwind(target.process)
        self._queue.clear()

    def _push(self, at_us: int, target: Task | Callable[[], None], token: int, value: Any) -> None:
        heapq.heappush(self._queue, (at_us, next(self._number), target, token, value))

    def _resume(self, task: Task, token: int, value: Any) -> None:
        if token != task.token or not task.process.alive:
            return
        if task.process.frozen_until_us > self.now_us:
            self._push(task.process.frozen_until_us, task, token, value)
            return
        self._switch(task, value)

    def _switch(self, task: Task, value: Any) -> None:
        self.current = task
        task.token += 1
        if task.greenlet is None:
            task.greenlet = _idle_under(self._main)
            task.greenlet.gr_context = None  # what another one set there is none of its business
            task.greenlet.switch(task)
        else:
            task.greenlet.switch(value)
        self.current = None

    def _unwind(self, process: Process) -> None:
        for task in tuple(process.tasks):
            if task.greenlet is not None:  # begun, and not at its end
                self.current = task
                task.greenlet.throw(Killed)
                self.current = None
            process.tasks.pop(task, None)


_idle: list[greenlet] = []  # each holds memory of its own, which to get and to return is dear


def _idle_under(parent: greenlet) -> greenlet:
    """Return a greenlet that runs the task it is given, and then waits for another one."""
    while _idle:
        one = _idle.pop()
        if one.parent is parent:
            return one
    return greenlet(_run_tasks, parent)


def _run_tasks(task: Task | None) -> None:
    me = getcurrent()
    assert me.parent is not None
    while task is not None:
        task.run()
        task = None  # or all of its world would stay
        _idle.append(me)
        task = me.parent.switch()
