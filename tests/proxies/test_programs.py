"""A proxy that is not on this machine is skipped and said so; in CI it has to be there."""

from __future__ import annotations

import pytest

from tests.proxies.programs import found, require


def test_without_the_program_its_tests_are_skipped_loudly(monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.warns(UserWarning, match="no such-proxy"), pytest.raises(pytest.skip.Exception):
        require("such-proxy")


def test_in_ci_its_absence_is_a_failure(monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(AssertionError, match=r"ensure\.sh"):
        require("such-proxy")


def test_what_is_on_the_path_is_found():
    assert found("sh")
    assert found("such-proxy") is None
