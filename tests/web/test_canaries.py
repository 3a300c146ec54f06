"""The canaries can sing: a secret in an answer of the application is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.canaries import Canaries, hits_in

SECRET = "sc_" + "0" * 12 + "_" + "x" * 43


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        f"whsec_{'A' * 43}=",
        f"storyclip={'x' * 43}; Path=/",
        "postgresql://ana:hunter2@db/storyclip",
        f"Authorization: Bearer {'x' * 43}",
    ],
)
def test_a_secret_in_a_log_file_is_noticed(tmp_path: Path, said: str):
    (tmp_path / "web.log").write_text(f'{{"event": "{said}"}}')

    assert len(hits_in(tmp_path.iterdir())) == 1


def test_what_is_masked_in_a_log_file_is_none(tmp_path: Path):
    (tmp_path / "web.log").write_text("storyclip=*** postgresql://ana:***@db Bearer ***")

    assert hits_in(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["body", "header"])
def test_a_secret_in_an_answer_is_noticed(request: pytest.FixtureRequest, place: str):
    app = Flask(__name__)
    canaries: Canaries = request.getfixturevalue("_canaries")

    @app.get("/told")
    def told() -> tuple[str, dict[str, str]]:
        return (SECRET, {}) if place == "body" else ("", {"X-Told": SECRET})

    app.test_client().get("/told")

    assert len(canaries.taken()) == 1
