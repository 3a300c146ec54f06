"""What the sandbox's ledger says about one story: the table, and the one line that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

Line = Mapping[str, Any]

SHOWN = ("created", "published", "refused", "error", "deleted")
MEDIA_WIDTH = 28  # what the other columns leave of 80


def verdict(ledger: Sequence[Line], clip_urls: Sequence[str]) -> tuple[bool, str]:
    """Judge by the ledger alone: return whether all is well, and the sentence that says it.

    A duplicate is a second post of one clip, live or not yet, unless it was deleted again.
    """
    deleted = {line["postId"] for line in ledger if line["event"] == "deleted"}
    made = Counter(
        line["source"]
        for line in ledger
        if line["event"] == "created" and line["postId"] not in deleted
    )
    live = [line["source"] for line in ledger if line["event"] == "published"]
    duplicates = sum(count - 1 for count in made.values())
    published = sum(url in live for url in clip_urls)
    first_live = [url for position, url in enumerate(live) if url not in live[:position]]
    in_order = first_live == [url for url in clip_urls if url in live]
    is_well = published == len(clip_urls) and in_order and duplicates == 0
    order = "in order" if in_order else "not in order"
    return is_well, f"{published} of {len(clip_urls)} published, {order}, {duplicates} duplicates"


def ledger_table(ledger: Sequence[Line], clip_urls: Sequence[str]) -> Table:
    """Return the ledger's lines about posts as a table that fits into 80 columns."""
    table = Table(title="The sandbox's ledger: what Metricool has on record", title_justify="left")
    for heading in ("time", "event", "clip"):
        table.add_column(heading, no_wrap=True)
    table.add_column("media", no_wrap=True, max_width=MEDIA_WIDTH)
    table.add_column("post id", no_wrap=True)
    numbers = {url: str(number) for number, url in enumerate(clip_urls, start=1)}
    for line in ledger:
        if line["event"] in SHOWN:
            style = {"published": "green", "created": ""}.get(line["event"], "red")
            table.add_row(
                line["time"][11:23],
                line["event"],
                numbers.get(line["source"], "?"),
                (line["media"] or "").rpartition("/")[2],
                str(line["postId"] or ""),
                style=style,
            )
    return table
