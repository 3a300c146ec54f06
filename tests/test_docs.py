"""The pages for people name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
HISTORY = CHECKOUT / "CHANGELOG.md"  # names what was there
PAGES = sorted({*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/*.md")} - {HISTORY})
ROOTS = ("storyclip", "config", "tests", "docs", ".ci", ".github")


def lost(text: str, folder: Path) -> list[str]:
    """Paths in backticks and targets of links that lead nowhere."""
    paths = re.findall(rf"`((?:{'|'.join(map(re.escape, ROOTS))})/[\w./-]+)`", text)
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    gone = [path for path in paths if not (CHECKOUT / path).exists()]
    return gone + [link for link in links if not (folder / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path):
    assert lost(page.read_text(encoding="utf-8"), page.parent) == []


def test_a_file_that_is_gone_would_be_noticed():
    text = "`storyclip/flow/step.py`, `storyclip/flow/gone.py`, [here](docs/gone.md#part)"

    assert lost(text, CHECKOUT) == ["storyclip/flow/gone.py", "docs/gone.md"]


def test_every_section_of_the_facts_that_the_code_cites_is_there():
    facts = (CHECKOUT / "docs/metricool.md").read_text(encoding="utf-8")
    written = set(re.findall(r"^#+ (\d+(?:\.\d+)?[a-z]?)\.? ", facts, re.MULTILINE))
    code = [*CHECKOUT.glob("storyclip/**/*.py"), *CHECKOUT.glob("tests/sandbox/*.py")]

    cited = {
        section
        for file in code
        if "domain/dates/instants.py" not in file.as_posix()  # there they are of RFCs
        for section in re.findall(r"§(\d+(?:\.\d+)?[a-z]?)", file.read_text(encoding="utf-8"))
    }

    assert cited
    assert cited - written == set()
