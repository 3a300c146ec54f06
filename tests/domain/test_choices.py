"""The words of every choice are a promise to users: names may come, none may go or change."""

import pytest

from storyclip.domain.batch import OnFailure
from storyclip.domain.dates.mode import Mode
from storyclip.domain.holder import Scope, scopes_of
from storyclip.domain.network import Network

PROMISED = {
    Network: ["facebook", "instagram"],
    Mode: ["now", "scheduled", "bestTime"],
    OnFailure: ["continue", "pause"],
    Scope: ["publish", "read", "admin"],
}


@pytest.mark.parametrize("choice", PROMISED)
def test_the_promised_words_are_there_and_no_others(choice):
    assert [str(one) for one in choice] == PROMISED[choice]


def test_words_name_scopes():
    assert scopes_of(["read", "admin", "read"]) == {Scope.READ, Scope.ADMIN}


@pytest.mark.parametrize("words", [[], ["everything"], ["read", ""], ["READ"]])
def test_what_names_no_scope_is_refused_with_those_there_are(words):
    with pytest.raises(ValueError, match="scopes out of admin, publish, read"):
        scopes_of(words)
