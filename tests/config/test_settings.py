"""What the environment may say, and what it is told when it says it wrong."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.addresses import is_loopback, media_bucket
from config.seed_keys import SeedKey
from config.settings import Settings, SettingsInvalid, environment_with, names
from storyclip.domain.holder import Scope
from storyclip.domain.names import EVERY, Names

EXAMPLE = Path(__file__).parents[2] / "config" / "storyclip.env.example"
SANDBOX = {"METRICOOL_BASE_URL": "http://127.0.0.1:9/api"}
CREDENTIALS = {"METRICOOL_USER_TOKEN": "a-token-of-metricool", "METRICOOL_USER_ID": "1234567"}

K1, K2, HUSH = (word.ljust(32, "-") for word in ("k1", "k2", "hush-one"))
TOO_SHORT = (
    "a key of at least 32 characters in entry 2, which has 31"
    ' (make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))")'
)


def settings(**environ: str) -> Settings:
    return Settings.from_environment({**SANDBOX, **environ})


def problems(**environ: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as refusal:
        settings(**environ)
    return refusal.value.problems


def test_an_empty_environment_is_one_to_run_in():
    defaults = Settings.from_environment({}, needs_upstream=False)

    assert defaults.port == 8000
    assert defaults.database_url == "sqlite:///data/storyclip.db"
    assert defaults.redis_url == "redis://127.0.0.1:6379/0"
    assert defaults.metricool_base_url == "https://app.metricool.com/api"
    assert defaults.api_keys == ()
    assert not defaults.redis_is_given
    assert not defaults.upstream_is_given


def test_the_example_says_the_defaults():
    text = EXAMPLE.read_text(encoding="utf-8")
    example = dict(re.findall(r"^#([A-Z0-9_]+)=(.*)$", text, re.MULTILINE))

    read = Settings.from_environment(example, needs_upstream=False)

    assert tuple(sorted(example)) == tuple(sorted(names()))
    assert read == Settings.from_environment({}, needs_upstream=False)


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket",
        "s3:///prefix?region=x",
        "s3://bucket/a?region=x&word=y",
        "s3://bucket/a?region=x&endpoint=http://s3.example.com",
        "s3://key:secret@bucket/a?region=x",
        "file://host/folder",
        "/folder",
    ],
)
def test_files_are_in_a_folder_or_in_a_bucket_that_is_wholly_said(url):
    (problem,) = [one for one in problems(STORYCLIP_MEDIA_URL=url) if "_KEY" not in one]

    assert problem.startswith("STORYCLIP_MEDIA_URL: expected file:///folder, or s3://bucket")


def test_a_bucket_wants_its_keys_and_is_read_part_by_part():
    url = "s3://files/some/where?region=eu-west-1&endpoint=http://127.0.0.1:9000"
    keys = {"STORYCLIP_MEDIA_ACCESS_KEY": "a", "STORYCLIP_MEDIA_SECRET_KEY": "hush"}

    assert len(problems(STORYCLIP_MEDIA_URL=url)) == 2
    read = settings(STORYCLIP_MEDIA_URL=url, **keys)
    assert media_bucket(read.media_url or "") == (
        "files", "some/where", "http://127.0.0.1:9000", "eu-west-1"
    )  # fmt: skip
    assert "hush" in read.secrets()


def test_an_empty_value_is_no_value():
    assert settings(PORT="", STORYCLIP_LEAD_S=" ").lead_s == 20


def test_the_processs_own_environment_is_read_when_none_is_given(monkeypatch):
    monkeypatch.setenv("PORT", "8123")

    assert Settings.from_environment(needs_upstream=False).port == 8123


def test_what_was_given_counts_and_not_the_processs_environment(monkeypatch):
    monkeypatch.setenv("PORT", "8123")

    assert settings().port == 8000


def test_settings_stay_as_they_are():
    with pytest.raises(ValidationError, match="frozen"):
        settings().port = 1  # type: ignore[misc]


def test_all_problems_are_told_at_once():
    assert problems(
        PORT="eighty",
        STORYCLIP_CONFIRM_INTERVAL_S="5s",
        STORYCLIP_CONFIRM_ATTEMPTS="0",
        STORYCLIP_LOG_LEVEL="loud",
        STORYCLIP_LEED_S="3",
    ) == [
        "STORYCLIP_LEED_S: unknown, did you mean STORYCLIP_LEAD_S?",
        'PORT: expected a port from 0 to 65535, 0 for a free one, got "eighty"',
        'STORYCLIP_CONFIRM_INTERVAL_S: expected seconds > 0 and <= 3600, got "5s"',
        'STORYCLIP_CONFIRM_ATTEMPTS: expected a whole number from 1 to 10000, got "0"',
        'STORYCLIP_LOG_LEVEL: expected debug, info, warning, error or critical, got "loud"',
    ]


def test_a_name_like_no_other_is_unknown_without_a_guess():
    assert problems(STORYCLIP_ZZZZZZZZZZZZ="1") == [
        "STORYCLIP_ZZZZZZZZZZZZ: unknown, there is no such setting"
    ]


def test_names_of_others_are_none_of_our_business():
    assert settings(STORYCLIPS="1", PATH="/bin").port == 8000


@pytest.mark.parametrize("name", [name for name in names() if name.endswith("_S")])
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e12", "soon"])
def test_no_duration_is_negative_endless_or_a_word(name, value):
    assert len(problems(**{name: value})) == 1


@pytest.mark.parametrize("name", ["STORYCLIP_LEAD_S", "STORYCLIP_SETTLE_S"])
def test_a_margin_may_be_nothing(name):
    assert settings(**{name: "0"})


def test_the_longest_wait_is_not_shorter_than_the_first():
    assert problems(STORYCLIP_RETRY_BASE_S="400") == [
        "STORYCLIP_RETRY_MAX_S: expected seconds >= 400, which is STORYCLIP_RETRY_BASE_S, "
        'got "300.0"'
    ]


@pytest.mark.parametrize(
    ("given_url", "read"),
    [
        ("sqlite:///x.db", "sqlite:///x.db"),
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
        ("sqlite:////my files/x.db", "sqlite:////my%20files/x.db"),
        ("sqlite:////my%20files/x.db", "sqlite:////my%20files/x.db"),
        ("postgres://u:p@h:5432/db", "postgresql://u:p@h:5432/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///db?host=/run/postgresql"),
    ],
)
def test_databases_that_are_taken(given_url, read):
    assert settings(DATABASE_URL=given_url).database_url == read


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://x.db", "three slashes"),
        ("sqlite:///", "a file"),
        ("sqlite:///:memory:", "a file"),
        ("mysql://h/db", "sqlite:///file.db or postgresql"),
        ("data/x.db", "sqlite:///file.db or postgresql"),
        ("postgresql://h", "the database's name"),
        ("postgresql://h/d b", "sqlite:///file.db or postgresql"),
        ("postgresql://h:port/db", "sqlite:///file.db or postgresql"),
    ],
)
def test_databases_that_are_refused(url, reason):
    (problem,) = problems(DATABASE_URL=url)

    assert problem.startswith(f"DATABASE_URL: expected {reason}")


@pytest.mark.parametrize("url", ["redis://h:6379/1", "rediss://:pw@h/0", "unix:///run/redis.sock"])
def test_redis_addresses_that_are_taken(url):
    assert settings(REDIS_URL=url).redis_url == url
    assert settings(REDIS_URL=url).redis_is_given


@pytest.mark.parametrize("url", ["localhost:6379", "http://h", "redis://", "unix://"])
def test_redis_addresses_that_are_refused(url):
    assert problems(REDIS_URL=url)[0].startswith("REDIS_URL: expected redis://")


@pytest.mark.parametrize("url", ["metricool.com", "http://example.com/api", "https://u:p@h/api"])
def test_upstream_addresses_that_are_refused(url):
    assert problems(METRICOOL_BASE_URL=url, **CREDENTIALS)[0].startswith("METRICOOL_BASE_URL")


def test_the_sandbox_needs_no_credentials():
    assert settings().upstream_is_given


def test_any_other_upstream_needs_credentials():
    assert problems(METRICOOL_BASE_URL="https://app.metricool.com/api") == [
        "METRICOOL_USER_TOKEN: expected the token of your Metricool account, got nothing",
        "METRICOOL_USER_ID: expected the numeric user id of your Metricool account, got nothing",
    ]


def test_credentials_let_the_real_upstream_in():
    read = Settings.from_environment(CREDENTIALS)

    assert read.metricool_user_token is not None
    assert read.metricool_user_token.get_secret_value() == "a-token-of-metricool"
    assert read.metricool_user_id == "1234567"


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://localhost:1", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:80", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(url, answer):
    assert is_loopback(url) is answer


def test_keys_are_read_with_their_rights():
    given = f"{K1}:ana:publish+read@10+20, {K2}:ops:admin,{HUSH}:all:read@*"

    assert settings(STORYCLIP_API_KEYS=given).api_keys == (
        SeedKey(
            K1,
            "ana",
            frozenset({Scope.PUBLISH, Scope.READ}),
            Names(frozenset({"10", "20"}), is_every=False),
        ),
        SeedKey(K2, "ops", frozenset({Scope.ADMIN}), None),
        SeedKey(HUSH, "all", frozenset({Scope.READ}), EVERY),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hushhush", "key:userId:scope+scope[@account+account] as entry 1"),
        (f"{K1}:b:read,hushhush::read", "key:userId:scope+scope[@account+account] as entry 2"),
        (f"{HUSH}:ana:write", "scopes out of admin, publish, read in entry 1"),
        (f"{HUSH}:ana:read@", "account+account behind the @ of entry 1"),
        (f"{HUSH}:ana:read,{HUSH}:eva:read", "every key only once"),
        (f"{K1}:b:read,{HUSH[1:]}:ana:read", TOO_SHORT),
    ],
)
def test_a_wrong_key_is_told_without_being_shown(text, expected):
    assert problems(STORYCLIP_API_KEYS=text) == [
        f'STORYCLIP_API_KEYS: expected {expected}, got "***"'
    ]


def test_origins_are_a_list_of_names():
    read = settings(STORYCLIP_CORS_ORIGINS="https://A.example.com/, http://localhost:3000")

    assert read.cors_origins == ("https://a.example.com", "http://localhost:3000")


@pytest.mark.parametrize("origin", ["*", "example.com", "https://h/path", "https://*.example.com"])
def test_what_is_no_origin_is_refused(origin):
    assert problems(STORYCLIP_CORS_ORIGINS=origin)[0].startswith("STORYCLIP_CORS_ORIGINS")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("https://StoryClip.example.com/", "https://storyclip.example.com"),
        ("https://storyclip.example.com:443", "https://storyclip.example.com"),
        ("http://10.0.0.7:80", "http://10.0.0.7"),
        ("https://storyclip.example.com:8443", "https://storyclip.example.com:8443"),
    ],
)
def test_the_public_address_is_spelt_as_browsers_spell_an_origin(said, read):
    assert settings(STORYCLIP_PUBLIC_URL=said).public_url == read


@pytest.mark.parametrize(
    "said",
    ["storyclip.example.com", "ftp://a.example.com", "https://a.example.com/path", "https://*"],
)
def test_a_public_address_that_is_none_is_said(said):
    (problem,) = problems(STORYCLIP_PUBLIC_URL=said)

    assert problem.startswith("STORYCLIP_PUBLIC_URL: expected the address that browsers see, like ")
    assert problem.endswith(f', got "{said}"')


def test_proxies_are_addresses_and_networks():
    read = settings(STORYCLIP_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8,::1")

    assert [str(one) for one in read.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("said", ["proxy.example.com", "10.0.0.1/8", "127.0.0.1 10.0.0.1", "*"])
def test_what_is_no_network_is_said(said):
    assert problems(STORYCLIP_TRUSTED_PROXIES=said)[0].startswith(
        "STORYCLIP_TRUSTED_PROXIES: expected a comma list of addresses and networks"
    )


def test_no_secret_is_in_what_is_shown():
    secrets = {
        "STORYCLIP_API_KEYS": f"{HUSH}:ana:read",
        "METRICOOL_USER_TOKEN": "hush-two",
        "DATABASE_URL": "postgresql://u:hush-three@h/db",
        "REDIS_URL": "redis://:hush-four@h/0",
    }

    read = settings(**secrets)

    assert "hush" not in repr(read) + str(read)
    assert set(read.secrets()) == {HUSH, "hush-two", "hush-three", "hush-four"}


def test_no_password_is_in_a_problem():
    assert problems(DATABASE_URL="mysql://u:hush@h/db")[0].endswith('got "mysql://u:***@h/db"')


@given(st.dictionaries(st.sampled_from(names()), st.text(max_size=40)))
def test_whatever_is_given_is_read_or_refused_by_name(environ):
    told: list[str] = []
    try:
        Settings.from_environment(environ)
    except SettingsInvalid as refusal:
        told = refusal.problems

    assert {problem.partition(":")[0] for problem in told} <= set(names())


def test_a_child_gets_our_environment_and_the_changes(monkeypatch):
    monkeypatch.setenv("PORT", "8123")

    assert environment_with({"REDIS_URL": "redis://h"}) == {**os.environ, "REDIS_URL": "redis://h"}
