from storyclip.domain.crashpoint import arm, crashpoint
from storyclip.domain.errors import MAX_WORDS, RequestInvalid, UpstreamBusy, UpstreamRefused


def test_an_invalid_request_names_every_field_and_what_is_wrong_with_it():
    error = RequestInvalid(("/posts/0/url", "expected https"), ("/settings", "missing"))

    assert str(error) == "/posts/0/url: expected https; /settings: missing"
    assert error.problems == (("/posts/0/url", "expected https"), ("/settings", "missing"))


def test_of_metricools_words_only_so_many_are_kept():
    assert len(UpstreamRefused("x" * 10_000, 400).words) == MAX_WORDS


def test_a_busy_metricool_says_for_how_long():
    assert str(UpstreamBusy(30.0)) == "Metricool asks to wait 30 s"


def test_a_crash_point_that_nobody_armed_does_nothing():
    crashpoint("claimed")


def test_an_armed_crash_point_is_asked_by_its_name_and_may_let_the_process_live():
    asked: list[str] = []

    def lets_live(name: str) -> bool:
        asked.append(name)
        return False

    arm(lets_live)
    crashpoint("claimed")
    arm(None)
    crashpoint("accepted")

    assert asked == ["claimed"]
