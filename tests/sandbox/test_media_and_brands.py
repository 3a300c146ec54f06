"""Normalize, brands, best times, and who may call at all."""

import json
import re

import pytest

from tests.sandbox.conftest import ACCOUNT, SOURCE, Metricool
from tests.sandbox.here import Here

EVERY_CALL = [
    ("POST", "v2/scheduler/posts"),
    ("GET", "v2/scheduler/posts"),
    ("GET", "v2/scheduler/posts/310000001"),
    ("PUT", "v2/scheduler/posts/310000001"),
    ("PATCH", "v2/scheduler/posts/310000001"),
    ("DELETE", "v2/scheduler/posts/310000001"),
    ("GET", "v2/scheduler/posts/deleted"),
    ("PUT", "v2/scheduler/posts/deleted/310000001"),
    ("GET", "actions/normalize/image/url"),
    ("GET", "admin/simpleProfiles"),
    ("GET", "v2/settings/brands"),
    ("GET", "v2/scheduler/besttimes/facebook"),
    ("GET", "v2/scheduler/counters"),
    ("PUT", "v2/media/s3/upload-transactions"),
    ("PATCH", "v2/media/s3/upload-transactions"),
    ("GET", "v2/media/s3/upload-transactions"),
    ("DELETE", "v2/media/s3/upload-transactions"),
]


def test_normalize_gives_a_new_url_as_text_for_each_call(metricool: Metricool):
    first, second = metricool.normalize(), metricool.normalize()

    assert first.headers["Content-Type"].startswith("text/plain")
    url = r"https://static\.metricool\.com/video/\d{6}/1-[0-9a-f]{16}\.mp4"
    assert re.fullmatch(url, first.text)
    assert first.text != second.text
    lines = metricool.ledger("normalized")
    assert [(line["media"], line["source"]) for line in lines] == [
        (first.text, SOURCE),
        (second.text, SOURCE),
    ]


def test_a_post_with_a_normalized_clip_is_on_record_with_its_source(metricool: Metricool):
    media = metricool.normalize().text

    metricool.created(metricool.story(media=[media]))

    [line] = metricool.ledger("created")
    assert (line["media"], line["source"]) == (media, SOURCE)


def test_normalize_works_without_a_brand(metricool: Metricool):
    assert metricool.normalize(blogId=None, userId=None).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 406),
        ("application/json, text/plain, */*", 200),
        ("text/*", 200),
    ],
)
def test_normalize_will_not_answer_json(metricool: Metricool, accept, status):
    metricool.http.headers["Accept"] = accept

    assert metricool.normalize().status_code == status


@pytest.mark.parametrize("source", ["https://unreachable.example/1.mp4", "ftp://x.example/1.mp4"])
def test_normalize_fails_in_html(metricool: Metricool, source):
    answer = metricool.normalize(source)

    assert answer.text.startswith("<")
    assert metricool.ledger() == []


def test_normalize_needs_a_url(metricool: Metricool):
    assert metricool.call("GET", "actions/normalize/image/url").status_code == 400


def test_profiles_are_a_bare_array_of_three_brands(metricool: Metricool):
    lola, ruta, praia = metricool.call("GET", "admin/simpleProfiles", blogId=None).json()

    assert (lola["id"], lola["label"], lola["timezone"]) == (
        2_000_001,
        "Cocina de Lola",
        "Europe/Madrid",
    )
    assert (ruta["timezone"], praia["timezone"]) == ("America/Bogota", "America/Sao_Paulo")
    assert lola["facebook"]
    assert lola["instagram"]
    assert praia["facebook"]
    assert praia["instagram"] is None


def test_brands_show_connected_networks_only(metricool: Metricool):
    brands = metricool.call("GET", "v2/settings/brands").json()["data"]

    assert [sorted(brand["networksData"]) for brand in brands] == [
        ["facebookData", "instagramData"],
        ["facebookData", "instagramData"],
        ["facebookData"],
    ]


def test_many_brands_have_both_networks_and_labels_of_their_own(start, client_of):
    metricool = client_of(start(brands=20))

    profiles = metricool.call("GET", "admin/simpleProfiles").json()

    assert len({profile["label"] for profile in profiles}) == 20
    assert [profile["id"] for profile in profiles] == list(range(2_000_001, 2_000_021))
    assert all(profile["instagram"] for profile in profiles)


def test_best_times_are_a_heat_map_that_stays_the_same(metricool: Metricool):
    first, second = _best_times(metricool), _best_times(metricool)

    days = first.json()["data"]
    assert first.json() == second.json()
    assert sorted(day["dayOfWeek"] for day in days) == [1, 2, 3, 4, 5, 6, 7]
    for day in days:
        assert [hour["hourOfDay"] for hour in day["bestTimesByHour"]] == list(range(24))
    values = [hour["value"] for day in days for hour in day["bestTimesByHour"]]
    assert max(values) > 30 > 10 > min(values) > 0


def test_best_times_without_dates_are_empty(metricool: Metricool):
    assert metricool.call("GET", "v2/scheduler/besttimes/facebook").json() == {"data": []}


def test_best_times_of_a_network_not_connected_are_refused(metricool: Metricool):
    answer = _best_times(metricool, "instagram", blogId="2000003")

    assert answer.status_code == 403
    assert answer.json()["detail"] == "There is no instagram connection for blog: 2000003"


@pytest.mark.parametrize("name", ["best_times_flat", "best_times_empty"])
def test_a_heat_map_can_be_flat_or_empty(metricool: Metricool, name):
    metricool.sandbox.fault(fault=name, account=ACCOUNT)

    days = _best_times(metricool).json()["data"]

    values = {hour["value"] for day in days for hour in day["bestTimesByHour"]}
    assert values == ({0} if name == "best_times_flat" else set())


def test_one_hour_of_the_heat_map_may_be_null():
    here = Here({"fault": "best_times_null_hour"})

    window = {"start": "2026-12-01T00:00:00", "end": "2026-12-08T00:00:00", "timezone": "UTC"}
    answer = here.ask("GET", "v2/scheduler/besttimes/facebook", **window)

    days = json.loads(answer.body)["data"]
    values = [hour["value"] for day in days for hour in day["bestTimesByHour"]]
    assert values.count(None) == 1


@pytest.mark.parametrize("path", ["admin/simpleProfiles", "v2/settings/brands"])
def test_the_list_of_brands_may_be_five_megabytes_long(path):
    here = Here({"fault": "brands_huge"})

    answer = here.ask("GET", path)

    assert len(answer.body) > 4_900_000
    said = json.loads(answer.body)
    assert len(said if isinstance(said, list) else said["data"]) == 3


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
@pytest.mark.parametrize("token", [None, "wrong"])
def test_no_call_is_answered_without_the_token(metricool: Metricool, method, path, token):
    metricool.log_in(token)

    answer = metricool.call(method, path)

    assert answer.status_code == 401
    assert answer.json()["status"] == "UNAUTHORIZED"


def test_the_token_may_be_in_the_query(metricool: Metricool):
    metricool.log_in(None)

    assert metricool.call("GET", "v2/settings/brands", userToken="sandbox-token").ok


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
@pytest.mark.parametrize("query", [{"blogId": "7"}, {"userId": "2"}])
def test_a_brand_or_user_that_is_not_yours_is_forbidden(metricool: Metricool, method, path, query):
    assert metricool.call(method, path, **query).status_code == 403


def test_a_call_that_does_not_exist_is_404_in_the_envelope(metricool: Metricool):
    answer = metricool.call("GET", "actions/normalize/video/url")

    assert answer.status_code == 404
    assert answer.json()["code"] == "404"


def _best_times(metricool: Metricool, network: str = "facebook", **query):
    window = {"start": metricool.wall(0), "end": metricool.wall(86_400), "timezone": "UTC"}
    return metricool.call("GET", f"v2/scheduler/besttimes/{network}", **(window | query))
