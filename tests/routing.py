"""Routes compiled once: each application that a test makes would compile all of them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.routing import Rule


def compiled_once(patch: pytest.MonkeyPatch) -> None:
    """Have equal rules share what Werkzeug compiles of them to build addresses.

    It depends on nothing else: the rule's converters are asked when it is called. For seventy
    routes it takes three quarters of what an application costs to make.
    """
    compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}
    usual = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        if rule.defaults:  # a converter's answer would be part of it
            return usual(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in compiled:
            compiled[key] = usual(rule, append_unknown)
        return compiled[key]

    patch.setattr(Rule, "_compile_builder", kept)
