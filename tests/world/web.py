"""The users: what they ask for, when, in which order, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from storyclip.domain.dates.instants import Instant
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.timetable import Timetable, scheduled
from tests.world import heart, times
from tests.world.films import Film
from tests.world.record import Asked, Told
from tests.world.scenario import LANES, MINUTE_S, BatchPlan
from tests.world.scheduler import Process
from tests.world.times import instant
from tests.world.workers import Workers, escaped

Films = Sequence[Film]
WISHES = ("pause", "pause", "resume", "cancel", "retry", "pause", "pause")
MOST_WISHES = 6  # of one batch


class Web:
    """The web process, and everybody who asks it for something."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._metricool = workers.metricool
        self._world = self._metricool.world
        self._start()
        self._wishes: dict[str, int] = {}
        self._metricool.handled = self._sees
        for plan in self._world.scenario.batches:
            if not plan.films:
                self.ask(plan.at_s, f"create {plan.name}", partial(self._create, plan))

    def _start(self) -> None:
        self._process = Process("web")
        self._our = self._workers.heart_in(self._process)

    @property
    def our(self) -> heart.Heart:
        """Return StoryClip's own code as it runs in the process that there is now."""
        return self._our

    def create_of(self, plan: BatchPlan, sources: Sequence[str], films: Films) -> None:
        """Ask for a batch of films that are ready."""
        self._create(plan, 1, sources, films)

    def end(self) -> Sequence[str]:
        """Kill the process, and return its name."""
        self._world.hub.kill(self._process)
        return [self._process.name]

    def ask(self, after_s: float, about: str, work: Callable[[], None]) -> None:
        """Have somebody ask for something after a while."""

        def begin() -> None:
            if (later_s := self._world.stopped_for_s()) > 0:
                self.ask(later_s + 1.0, about, work)
                return
            if not self._process.alive:
                self._start()
            self._world.hub.spawn(self._process, about, work)

        self._world.hub.at(after_s, begin)

    def _create(
        self, plan: BatchPlan, number: int = 1, sources: Sequence[str] = (), films: Films = ()
    ) -> None:
        world = self._world
        batch = plan.name if number == 1 else f"{plan.name}x{number}"
        urls = sources or [
            f"https://cdn.example.com/{plan.name}/{1 if plan.same_file else n}.mp4"
            for n in range(1, plan.clips + 1)
        ]
        timetable = self._timetable(plan, len(urls))
        key = f"key of {plan.name}" if plan.has_key else None
        dates = () if timetable is None else timetable.dates
        mode = "now" if timetable is None else timetable.mode
        record, now_us = world.record, world.hub.now_us
        record.asked[batch] = Asked(
            batch=batch,
            at_us=now_us,
            mode=mode,
            lane=LANES[plan.lane],
            count=len(urls),
            dates_us=tuple(map(times.moment_us, dates)),
            on_failure=plan.on_failure,
            key=key,
        )
        if key is not None and number == 1 and (name := world.take("repeat", plan.name)):
            after_s = world.choices.between(name, 0, 2)
            again = partial(self._create, plan, 2, sources, films)
            self.ask(after_s, f"create {batch} again", again)
        record.wanted_bytes[batch] = [piece for film in films for piece in film.pieces]
        if key is not None:
            again = partial(self._create, plan, number + 1, sources, films)
            world.hub.at(8.0, lambda: self._repeat_unanswered(batch, number, again))
        lane, gap = LANES[plan.lane], plan.gap_s
        told = self._told(
            batch,
            f"create {mode}",
            lambda: self._our.create(batch, lane, urls, timetable, plan.on_failure, gap, key),
        )
        if told.answer is None or told.answer["batchId"] != batch:
            return
        self._wish_later(plan, batch)

    def _repeat_unanswered(self, batch: str, number: int, again: Callable[[], None]) -> None:
        """Ask again as a client does that got no answer and has a key for it."""
        told = [told for told in self._world.record.told if told.batch == batch]
        if told and told[0].at_us is None and number < 4:
            self.ask(0.0, f"create {batch}", again)

    def _timetable(self, plan: BatchPlan, count: int) -> Timetable | None:
        if plan.mode == "now":
            return None
        world = self._world
        first = (instant(world.hub.now_us) + timedelta(seconds=plan.first_in_s)).replace(
            second=0, microsecond=0
        )
        asked = Instant(first.astimezone(UTC), first.astimezone(UTC), "UTC")
        table = scheduled(asked, count, plan.interval_min, 60)
        if plan.mode == "scheduled":
            return table
        dates = [table.dates[0]]
        for n in range(2, count + 1):
            steps = world.choices.whole(f"{plan.name} best {n}", 1, 3)
            dates.append(dates[-1] + steps * timedelta(minutes=plan.interval_min))
        return Timetable(Mode.BEST_TIME, tuple(dates), table.gap_s, table.schedule)

    def _told(self, batch: str, act: str, ask: Callable[[], dict[str, Any]]) -> Told:
        """Ask for something, and keep what the caller is told."""
        world = self._world
        told = Told(batch, act, world.hub.now_us)
        world.record.told.append(told)
        world.tell("user", f"asks to {act} {batch}")
        try:
            told.answer = ask()
        except heart.REFUSALS as refusal:
            told.refusal = f"{type(refusal).__name__}: {refusal}"
        except Exception as mishap:
            escaped(self._metricool, f"{act} {batch}", mishap)
            told.refusal = f"500: {mishap}"
        told.at_us = world.hub.now_us
        if world.record.telling:
            world.tell("user", f"is told about {act} {batch}: {_short(told)}")
        return told

    def _wish_later(self, plan: BatchPlan, batch: str) -> None:
        """Decide what the user will wish for this batch, as far as that hangs on nothing else."""
        world = self._world
        for _ in range(3):
            if (name := world.take("wish", plan.name)) is None:
                return
            span_s = plan.first_in_s + MINUTE_S * plan.interval_min * plan.clips + 30
            if plan.mode == "now":
                span_s = 100.0 * plan.clips
            soon = world.choices.draw(name + " soon") < 0.3
            after_s = world.choices.between(name, 0, 5 if soon else span_s)
            act = world.choices.pick(name + " what", WISHES)
            self._wish(after_s, batch, act, name)

    def _sees(self, call: str, clip: str) -> None:
        """Decide whether a user wishes for something just when a call about a clip is handled.

        Or asks for a look a while later: that is no wish, and excuses nothing.
        """
        if (name := self._world.take("look", f"look {call} {clip}")) is not None:
            batch, after_s = clip.rpartition(".")[0], self._world.choices.between(name, 0, 90)
            self.ask(after_s, f"look {batch}", lambda: self._look(batch))
        if (name := self._world.take("wish at", f"{call} {clip}")) is None:
            return
        act = self._world.choices.pick(name + " what", WISHES)
        after_s = self._world.choices.between(name, 0, 1)
        self._wish(after_s, clip.rpartition(".")[0], act, name)

    def _wish(self, after_s: float, batch: str, act: str, name: str) -> None:
        if batch not in self._world.record.asked or self._wishes.get(batch, 0) >= MOST_WISHES:
            return
        self._wishes[batch] = self._wishes.get(batch, 0) + 1
        self.ask(after_s, f"{act} {batch}", lambda: self._act(batch, act, name))

    def _act(self, batch: str, act: str, name: str) -> None:
        world, our, draw = self._world, self._our, self._world.choices.draw
        world.record.counts["people"] += 1
        if act == "retry":
            index = None
            if draw(name + " one") < 0.5:
                asked = world.record.asked[batch]
                index = world.choices.whole(name + " which", 1, asked.count)
            confirm = draw(name + " confirm") < 0.4
            absent = draw(name + " absent") < 0.4 and self._sees_none_of(batch, index)
            said = f"{' confirmOrder' if confirm else ''}{' confirmAbsent' if absent else ''}"
            words = f"retry {index or 'all'}{said} of"
            told = self._told(batch, words, lambda: our.retry(batch, index, confirm, absent))
        elif act == "resume":
            confirm = draw(name + " confirm") < 0.2
            words = f"resume{' confirmOrder' if confirm else ''}"
            told = self._told(batch, words, lambda: our.resume(batch, confirm))
        else:
            wish = {"pause": our.pause, "cancel": our.cancel}[act]
            told = self._told(batch, act, lambda: wish(batch))
        self._follow(batch, act, told)

    def _sees_none_of(self, batch: str, index: int | None) -> bool:
        """Return whether who looks at the account and its planner finds nothing of these clips."""
        asked = self._world.record.asked[batch]
        every = range(1, asked.count + 1) if index is None else (index,)
        return not any(self._metricool.shows(f"{batch}.{n}") for n in every)

    def _look(self, batch: str) -> None:
        world = self._world
        world.record.counts["people"] += 1
        world.tell("user", f"asks to look at {batch}")
        try:
            self._our.look_at(batch)
        except heart.REFUSALS as refusal:
            world.tell("user", f"is not shown {batch}: {refusal}")

    def _follow(self, batch: str, act: str, told: Told) -> None:
        """Decide what the same user does next, now that this was answered."""
        world = self._world
        if (name := world.take("follow", batch)) is None:
            return
        how = world.choices.draw(name)
        if how < 0.4:
            after_s = world.choices.between(name + " at", 0, 0.5)
        elif how < 0.8:
            after_s = world.choices.between(name + " at", 0.5, 60)
        else:
            after_s = world.choices.between(name + " at", 60, 1800)
        following = {"pause": "resume", "resume": "pause", "cancel": "cancel", "retry": "retry"}
        if told.refusal is not None and act == "retry" and world.choices.draw(name + "?") < 0.5:
            after_s += 200
        self._wish(after_s, batch, following[act], name)

    def failed(self, clip: str) -> None:
        """Note that a clip was called failed: its user may ask for it again."""
        world = self._world
        if (name := world.take("retry", clip)) is None:
            return
        batch = clip.rpartition(".")[0]
        how = world.choices.draw(name)
        after_s = world.choices.between(name + " at", 0, 10 if how < 0.4 else 400)
        self._wish(after_s, batch, "retry", name)


def _short(told: Told) -> str:
    if told.refusal is not None:
        return f"no: {told.refusal}"[:90]
    answer = told.answer or {}
    keys = ("status", "outcome", "order", "retried", "foundLive")
    return ", ".join(f"{key} {answer[key]}" for key in keys if key in answer) or "accepted"
