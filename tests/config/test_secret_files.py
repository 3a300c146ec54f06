"""Secrets out of files, and a file that is exchanged while we run."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.secret_files import SECRETS, SUFFIX, LiveSecret, parse_secret
from config.settings import Settings, SettingsInvalid, environment_with, names

LONG, OLD = "new-" * 8, "old-" * 8
SAID = {
    "DATABASE_URL": "postgresql://ana:hush-one@db/storyclip",
    "REDIS_URL": "redis://:hush-two@h/0",
    "METRICOOL_USER_TOKEN": "hush-three",
    "STORYCLIP_SECRET": f"{LONG}\n{OLD}",
    "STORYCLIP_API_KEYS": f"{'hush-four':-<32}:ana:read",
    "STORYCLIP_OIDC_CLIENT_SECRET": "hush-six",
    "STORYCLIP_MEDIA_ACCESS_KEY": "hush-seven",
    "STORYCLIP_MEDIA_SECRET_KEY": "hush-eight",
    "STORYCLIP_API_KEY": "hush-five",
}


def problems(**environ: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.from_environment(environ, needs_upstream=False)
    return refusal.value.problems


def in_a_file(folder: Path, name: str) -> str:
    file = folder / name
    file.write_text(f"  {SAID[name]}\n")
    return str(file)


def test_every_secret_may_be_in_a_file():
    assert set(SAID) == set(SECRETS)
    kept_hidden = {
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if "SecretStr" in str(field.annotation)
    }
    assert kept_hidden <= set(SECRETS)
    assert {name + SUFFIX for name in SECRETS} == {
        name for name in names() if name.endswith(SUFFIX)
    }


@pytest.mark.parametrize("name", SECRETS)
def test_what_a_file_says_is_as_if_the_environment_said_it(tmp_path, name):
    told = {"METRICOOL_USER_ID": "7"}

    by_file = Settings.from_environment(
        {**told, name + SUFFIX: in_a_file(tmp_path, name)}, needs_upstream=False
    )

    plain = Settings.from_environment({**told, name: SAID[name]}, needs_upstream=False)
    changed = {field: None for field in type(plain).model_fields if field.endswith("_file")}
    assert by_file.model_copy(update=changed) == plain
    assert by_file.secrets() == plain.secrets() != ()


def test_the_token_in_a_file_is_one_to_start_with(tmp_path):
    given = {
        "METRICOOL_USER_TOKEN_FILE": in_a_file(tmp_path, "METRICOOL_USER_TOKEN"),
        "METRICOOL_USER_ID": "7",
    }

    assert Settings.from_environment(given).metricool_user_token is not None


def test_a_file_that_cannot_be_read_is_told_with_the_reason(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "odd").write_bytes(b"\xff\xfe")

    assert problems(REDIS_URL_FILE=f"{tmp_path}/none")[0].endswith("(No such file or directory)")
    assert problems(REDIS_URL_FILE=f"{tmp_path}/empty")[0].endswith("(it is empty)")
    assert problems(REDIS_URL_FILE=f"{tmp_path}/odd")[0].startswith("REDIS_URL_FILE: expected")


def test_both_at_once_are_refused(tmp_path):
    file = in_a_file(tmp_path, "REDIS_URL")

    assert problems(REDIS_URL="redis://h/0", REDIS_URL_FILE=file) == [
        "REDIS_URL_FILE: expected to be alone, and REDIS_URL is set too"
    ]


def test_what_is_wrong_in_a_file_is_told_without_the_secret(tmp_path):
    (tmp_path / "short").write_text("hush")

    (problem,) = problems(STORYCLIP_SECRET_FILE=f"{tmp_path}/short")

    assert problem.startswith("STORYCLIP_SECRET: expected at least 32 characters")
    assert "hush" not in problem


@pytest.mark.parametrize("text", [f"{LONG},{OLD}", f"{LONG} {OLD}", f"{LONG}\n{OLD}\n"])
def test_two_secrets_are_read_in_their_order(text):
    read = Settings.from_environment({"STORYCLIP_SECRET": text}, needs_upstream=False)

    assert read.secret == (LONG, OLD)


@pytest.mark.parametrize("text", [f"{LONG},{LONG}", f"{LONG},{OLD},{'x' * 32}"])
def test_three_secrets_or_the_same_twice_are_refused(text):
    (problem,) = problems(STORYCLIP_SECRET=text)

    assert "one secret, or the new one and the old one" in problem
    assert LONG not in problem


def test_a_child_that_is_told_a_secret_does_not_read_ours_from_a_file(monkeypatch):
    monkeypatch.setenv("REDIS_URL_FILE", "/run/secrets/redis")

    assert "REDIS_URL_FILE" not in environment_with({"REDIS_URL": "redis://h/0"})


def exchanged(file: Path, said: str) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(said)
    beside.replace(file)


def test_a_file_that_is_exchanged_is_read_again(tmp_path):
    file = tmp_path / "token"
    file.write_text("old")
    token = LiveSecret(file, "old", str)

    exchanged(file, "new\n")

    assert token() == "new"


def test_while_a_file_is_missing_or_empty_what_it_said_last_counts(tmp_path):
    file = tmp_path / "token"
    file.write_text("old")
    token = LiveSecret(file, "old", str)

    exchanged(file, "")
    assert token() == "old"
    file.unlink()
    assert token() == "old"
    file.write_text("new")
    assert token() == "new"


def test_words_that_are_no_secret_leave_what_was_said_last(tmp_path):
    file = tmp_path / "secret"
    file.write_text(OLD)
    secret = LiveSecret(file, parse_secret(OLD), parse_secret)

    exchanged(file, "short")
    assert secret() == (OLD,)
    exchanged(file, f"{LONG}\n{OLD}")
    assert secret() == (LONG, OLD)


def test_without_a_file_it_stays():
    assert LiveSecret(None, "said", str)() == "said"


def test_a_file_that_other_users_can_read_is_named(tmp_path):
    closed, opened = (Path(in_a_file(tmp_path, name)) for name in ("REDIS_URL", "STORYCLIP_SECRET"))
    closed.chmod(0o600)
    opened.chmod(0o644)

    read = Settings.from_environment(
        {"REDIS_URL_FILE": str(closed), "STORYCLIP_SECRET_FILE": str(opened)}, needs_upstream=False
    )

    assert read.open_secret_files() == [str(opened)]
