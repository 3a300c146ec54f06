"""What tests and rehearsals turn and read."""

import threading
import time

import pytest

from storyclip.sandbox.process import ControlRefused
from tests.eventually import eventually
from tests.sandbox.conftest import ACCOUNT, SOURCE, TOKEN, Metricool


def test_requests_say_who_asked_what_about_which_clip(metricool: Metricool):
    media = metricool.normalize().text
    post = metricool.created(metricool.story(media=[media]))
    metricool.get(post["id"])
    metricool.get(5)

    normalize, create, get, unknown = metricool.sandbox.requests(account=ACCOUNT)

    path = "/api/v2/scheduler/posts"
    assert (normalize["source"], normalize["media"]) == (SOURCE, media)
    assert create == get | {"received": create["received"], "method": "POST", "path": path}
    assert (get["network"], get["source"], get["media"]) == ("facebook", SOURCE, media)
    assert (get["status"], unknown["status"]) == (200, 404)
    times = [normalize["received"], create["received"], get["received"], unknown["received"]]
    assert times == sorted(times)
    assert abs(times[0] - time.time()) < 60
    assert metricool.sandbox.requests(account="2000002") == []


def test_counts_tell_calls_per_route_and_how_many_at_once(metricool: Metricool):
    metricool.sandbox.fault(fault="delay_answer", seconds=0.4)
    posting = [threading.Thread(target=_post_alone, args=(metricool,)) for _ in range(3)]
    for thread in posting:
        thread.start()
    for thread in posting:
        thread.join()
    metricool.get(5)

    counts = metricool.sandbox.counts()

    assert counts == {
        "calls": {"POST /api/v2/scheduler/posts": 3, "GET /api/v2/scheduler/posts/*": 1},
        "total": 4,
        "concurrent": 0,
        "concurrentMax": 3,
    }


def test_a_reset_forgets_calls_under_way_too(metricool: Metricool):
    metricool.sandbox.fault(fault="delay_before_create", seconds=60)
    with pytest.raises(OSError, match="timed out"):
        metricool.post(timeout_s=0.2)
    assert metricool.sandbox.counts()["concurrent"] == 1

    metricool.sandbox.reset()
    metricool.sandbox.advance(600)

    assert metricool.sandbox.counts()["concurrent"] == 0
    assert metricool.sandbox.requests() == metricool.ledger() == []


def test_the_ledger_can_be_read_by_account_and_network(metricool: Metricool):
    metricool.created()
    metricool.created(metricool.story(network="instagram"))
    metricool.created(blogId="2000002")

    ask = metricool.sandbox.ask
    assert len(ask("GET", f"ledger?account={ACCOUNT}")) == 2
    assert len(ask("GET", "ledger?network=facebook")) == 2
    [line] = ask("GET", "ledger?account=2000001&network=instagram")
    assert line in metricool.ledger()


def test_a_clock_stands_still_until_it_runs(metricool: Metricool):
    control = metricool.sandbox

    assert control.now() == control.now() == metricool.iso(0)
    control.run_clock()
    eventually(lambda: control.now() > metricool.iso(0))


def test_a_clock_does_not_go_back_behind_the_ledger(metricool: Metricool):
    metricool.sandbox.advance(10)
    metricool.created()

    with pytest.raises(ControlRefused, match="the ledger is already at"):
        metricool.sandbox.set_clock(metricool.iso(9))
    with pytest.raises(ControlRefused, match="goes forward only"):
        metricool.sandbox.advance(-1)


@pytest.mark.parametrize("moment", ["2027-01-01T12:00:00", "tomorrow"])
def test_a_clock_wants_a_date_with_offset(metricool: Metricool, moment):
    with pytest.raises(ControlRefused):
        metricool.sandbox.set_clock(moment)


def test_a_status_can_be_forced_and_stays(metricool: Metricool):
    post = metricool.created()

    metricool.sandbox.force(post["id"], status="ERROR", detailedStatus="Removed by hand")
    metricool.sandbox.advance(3600)

    [provider] = metricool.get(post["id"]).json()["data"]["providers"]
    assert (provider["status"], provider["detailedStatus"]) == ("ERROR", "Removed by hand")
    assert [line["event"] for line in metricool.ledger()] == ["created", "error", "changed"]


def test_a_forced_publication_is_on_record(metricool: Metricool):
    post = metricool.created()

    metricool.sandbox.force(post["id"], status="PUBLISHED")

    assert metricool.status(post["id"]) == "PUBLISHED"
    assert [line["time"] for line in metricool.ledger("published")] == [metricool.iso(0)]


def test_a_forced_date_moves_publication(metricool: Metricool):
    post = metricool.created()

    metricool.sandbox.force(post["id"], publicationDate=metricool.iso(600))
    metricool.sandbox.advance(3600)

    assert [line["time"] for line in metricool.ledger("published")] == [metricool.iso(605)]


def test_a_control_call_that_does_not_exist_says_so(metricool: Metricool):
    with pytest.raises(ControlRefused, match="there is no GET /control/weather"):
        metricool.sandbox.ask("GET", "weather")
    with pytest.raises(ControlRefused, match="not found"):
        metricool.sandbox.force(5, status="ERROR")


def _post_alone(metricool: Metricool) -> None:
    other = Metricool(metricool.sandbox, metricool.noon)
    with other.http:
        other.created()


def test_the_token_is_exchanged_and_two_are_good_meanwhile(metricool: Metricool):
    metricool.sandbox.take_tokens("new", TOKEN)
    both = [_status_with(metricool, token) for token in (TOKEN, "new")]

    metricool.sandbox.take_tokens("new")
    one = [_status_with(metricool, token) for token in (TOKEN, "new")]
    metricool.sandbox.take_tokens(TOKEN)

    assert (both, one) == ([200, 200], [401, 200])


@pytest.mark.parametrize("tokens", ["new", [1], {"a": 1}])
def test_what_is_no_list_of_tokens_is_refused(metricool: Metricool, tokens):
    with pytest.raises(ControlRefused, match="a list of tokens"):
        metricool.sandbox.ask("POST", "tokens", tokens)


def _status_with(metricool: Metricool, token: str) -> int:
    metricool.log_in(token)
    try:
        return int(metricool.call("GET", "admin/simpleProfiles").status_code)
    finally:
        metricool.log_in(TOKEN)
