"""The line that the demo ends with is computed from the sandbox's ledger."""

from __future__ import annotations

import io

from rich.console import Console

from storyclip.stack.verdict import ledger_table, verdict

URLS = ["https://x.example/1.mp4", "https://x.example/2.mp4"]


def lines(*facts):
    return [
        {
            "time": f"2026-12-01T12:00:{second:02}.000Z",
            "event": event,
            "source": URLS[number - 1],
            "media": f"https://media.example/{'long' * 20}-{number}.mp4",
            "postId": 310000000 + post,
        }
        for second, (event, number, post) in enumerate(facts)
    ]


WELL = lines(("created", 1, 1), ("published", 1, 1), ("created", 2, 2), ("published", 2, 2))


def test_every_clip_once_and_in_order_is_well():
    assert verdict(WELL, URLS) == (True, "2 of 2 published, in order, 0 duplicates")


def test_a_clip_that_is_missing_is_not_well():
    assert verdict(WELL[:3], URLS) == (False, "1 of 2 published, in order, 0 duplicates")


def test_an_empty_ledger_is_not_well():
    assert verdict([], URLS) == (False, "0 of 2 published, in order, 0 duplicates")


def test_the_second_clip_before_the_first_is_not_well():
    ledger = lines(("created", 2, 2), ("published", 2, 2), ("created", 1, 1), ("published", 1, 1))

    assert verdict(ledger, URLS) == (False, "2 of 2 published, not in order, 0 duplicates")


def test_a_second_post_of_a_clip_is_a_duplicate_before_it_is_live():
    ledger = [*WELL, *lines(("created", 1, 3))]

    assert verdict(ledger, URLS) == (False, "2 of 2 published, in order, 1 duplicates")


def test_a_second_post_that_was_deleted_again_is_none():
    ledger = [*WELL, *lines(("created", 1, 3), ("deleted", 1, 3))]

    assert verdict(ledger, URLS)[0]


def test_the_table_fits_into_80_columns():
    page = io.StringIO()

    Console(file=page, width=80).print(ledger_table(WELL, URLS))

    rows = page.getvalue().splitlines()
    assert max(map(len, rows)) <= 80
    assert "│ 12:00:03.000 │ published │ 2 " in rows[-2]
    assert rows[-2].rstrip(" │").endswith("310000002")
