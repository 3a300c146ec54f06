"""The page says the API's limits before the API has to: it cannot import them, so this compares."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from storyclip.domain.clip_file import MAX_LENGTH_S, MIN_LENGTH_S
from storyclip.domain.clip_url import MAX_URL_LENGTH
from storyclip.domain.dates.best_time import MAX_DAYS, USUAL_DAYS
from storyclip.domain.dates.instants import MAX_DAYS_AHEAD
from storyclip.media.poster import STRIP_FRAMES
from storyclip.web import page
from storyclip.web.said.bodies import DAY_MINUTES, MAX_POSTS, MAX_TITLE_LENGTH
from storyclip.web.said.tus import MAX_CUT_MARKS

ROOM = Path(page.__file__).parent
IN_FILES = [
    ("static/frames.js", r"FRAMES = (\d+);", STRIP_FRAMES),
    ("static/cuts.js", r"LEAST_S = (\d+);", round(MIN_LENGTH_S)),
    ("static/cuts.js", r"MOST_S = (\d+);", round(MAX_LENGTH_S)),
    ("static/cuts.js", r"MOST_MARKS = (\d+);", MAX_CUT_MARKS),
    ("static/clips.js", r"MAX_CLIPS = (\d+);", MAX_POSTS),
    ("static/clips.js", r"MAX_URL = (\d+);", MAX_URL_LENGTH),
    ("static/clips.js", r"MAX_TITLE = (\d+);", MAX_TITLE_LENGTH),
    ("static/when.js", r"YEAR_MS = (\d+) \* DAY_MS;", MAX_DAYS_AHEAD),
    ("static/when.js", r"MOST_DAYS = (\d+);", MAX_DAYS),
    ("static/when.js", r'isWithin\("interval", 1, (\d+)\)', DAY_MINUTES),
    ("templates/publish.html", r'id="interval" [^>]*max="(\d+)"', DAY_MINUTES),
    ("templates/publish.html", r'id="within" [^>]*max="(\d+)"', MAX_DAYS),
    ("templates/publish.html", r'id="within" [^>]*value="(\d+)"', USUAL_DAYS),
]
IN_WORDS = {
    "check.long": MAX_URL_LENGTH,
    "check.title": MAX_TITLE_LENGTH,
    "check.tooMany": MAX_POSTS,
    "when.far": MAX_DAYS_AHEAD,
    "when.interval.bad": DAY_MINUTES,
    "when.within.bad": MAX_DAYS,
}
CATALOGUE: dict[str, Any] = json.loads((ROOM / "catalogue.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "pattern", "limit"), IN_FILES)
def test_the_page_checks_by_the_limit_of_the_api(file, pattern, limit):
    assert re.findall(pattern, (ROOM / file).read_text(encoding="utf-8")) == [str(limit)]


@pytest.mark.parametrize("sentence", IN_WORDS)
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_names_the_limit_of_the_api(sentence, language):
    assert re.findall(r"\d+", CATALOGUE[sentence][language])[-1] == str(IN_WORDS[sentence])
