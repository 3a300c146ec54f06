"""What would become of what was named: looked at on this machine, and nothing sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from storyclip.domain.errors import StoryClipError
from storyclip.media import probing
from storyclip.media.errors import FileUnusable
from storyclip.media.moments import find_moments
from storyclip.media.plan import Action, Fit, Options, Plan, plan
from storyclip.media.problem import Problem
from storyclip.terminal.boards import plain
from storyclip.terminal.clips import Address, LocalFile, Source
from storyclip.terminal.tus import Wishes

MOST_CLIPS = 100  # of a batch

Json = dict[str, Any]

_ACTIONS = {
    Action.KEEP: "goes out as it is, bit for bit",
    Action.MEND: "is prepared: one story",
    Action.CUT: "is cut and prepared",
    Action.REFUSE: "cannot go out",
}


def foreseen(sources: Sequence[Source], wishes: Wishes) -> Iterator[Json]:
    """Yield what would become of each, as facts."""
    for place, source in enumerate(sources, 1):
        yield {"place": place, "name": source.title, **_of(source, wishes)}


def tell(facts: Sequence[Json], *, as_json: bool) -> bool:
    """Print what would be done, and return whether all of it could."""
    for one in facts:
        for line in [json.dumps(one, ensure_ascii=False)] if as_json else _lines(one):
            click.echo(line)
    stories = sum(len(one["pieces"]) for one in facts)
    refused = sum(1 for one in facts if one["action"] == Action.REFUSE)
    takes_s = sum(one["estimateS"] for one in facts)
    click.echo(
        f"Nothing was sent. {stories} stories would go out, one after the other, each when the one"
        f" before was seen live; preparing takes about {takes_s:.0f} s.",
        err=True,
    )
    if refused:
        click.echo(
            f"{refused} of {len(facts)} cannot go out: nothing would be published.", err=True
        )
    if stories > MOST_CLIPS:
        click.echo(f"That are too many: a batch has at most {MOST_CLIPS}.", err=True)
    return not refused and stories <= MOST_CLIPS


def _of(source: Source, wishes: Wishes) -> Json:
    if isinstance(source, Address):
        return _facts("address", None, (), wishes)
    try:
        decided, problems = _decided(source, Options(Fit(wishes.fit), wishes.prepare))
    except FileUnusable as unusable:
        return _facts(Action.REFUSE, None, (unusable.problem,), wishes)
    return _facts(decided.action, decided, problems, wishes)


def _decided(file: LocalFile, options: Options) -> tuple[Plan, Sequence[Problem]]:
    """Return what would be made of a file, and why.

    Raises:
        FileUnusable: nothing.
        click.ClickException: it cannot be found out.
    """
    try:
        probed = probing.probe(file.path, file.path.name)
        decided = plan(probed.facts, options)
        if decided.action is Action.CUT:
            decided = plan(probed.facts, options, find_moments(file.path, probed.facts))
    except FileUnusable:
        raise
    except (OSError, StoryClipError) as why:
        raise click.ClickException(f"{file.path} cannot be looked at here: {why}") from None
    return decided, decided.reasons if decided.action is Action.REFUSE else probed.problems


def _facts(action: str, decided: Plan | None, problems: Sequence[Problem], wishes: Wishes) -> Json:
    planned = decided.pieces if decided is not None else ()
    pieces: list[Json] = [{"startsAt": one.start_s, "seconds": one.length_s} for one in planned]
    if not pieces and action != Action.REFUSE:
        pieces = [{"startsAt": 0.0, "seconds": None}]
    return {
        "action": action,
        "pieces": pieces,
        "estimateS": decided.estimate_s if decided is not None else 0.0,
        "problems": [
            {"code": one.code, "words": one.words("en", is_prepared=wishes.prepare)}
            for one in problems
        ],
    }


def _lines(one: Json) -> Iterator[str]:
    pieces = one["pieces"]
    if one["action"] == "address":
        words = "an address: Metricool fetches it by itself"
    else:
        words = _ACTIONS[one["action"]]
    if one["action"] == Action.CUT:
        spans = (f"{_time(p['startsAt'])} to {_time(p['startsAt'] + p['seconds'])}" for p in pieces)
        words += f" into {len(pieces)} stories: {', '.join(spans)}"
    yield f"{one['place']}. {plain(one['name'])}: {words}"
    for problem in one["problems"]:
        yield f"   {plain(problem['words'])}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:04.1f}"
