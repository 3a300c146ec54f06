"""The canaries can sing: a secret in an answer of the application is noticed."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.canaries import Canaries

SECRET = "sc_" + "0" * 12 + "_" + "x" * 43


@pytest.mark.parametrize("place", ["body", "header"])
def test_a_secret_in_an_answer_is_noticed(request: pytest.FixtureRequest, place: str):
    app = Flask(__name__)
    canaries: Canaries = request.getfixturevalue("_canaries")

    @app.get("/told")
    def told() -> tuple[str, dict[str, str]]:
        return (SECRET, {}) if place == "body" else ("", {"X-Told": SECRET})

    app.test_client().get("/told")

    assert len(canaries.taken()) == 1
