"""Everything that goes wrong, as RFC 9457 problems."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import cast

import structlog
from flask import Response
from werkzeug.exceptions import HTTPException

from storyclip.domain import errors, file_errors
from storyclip.domain.file_words import refusal_words
from storyclip.progress.cursor import CursorInvalid
from storyclip.web.said import spanish
from storyclip.web.said.answers import encode
from storyclip.web.said.file_kinds import FILE_KINDS
from storyclip.web.said.problem_kinds import BROKEN, CURSOR_INVALID, KINDS, TOO_MANY_TRIES, Kind
from storyclip.web.said.shapes import Fault, ProblemDetails, ProblemFacts, Sentence

log = structlog.get_logger("storyclip")

_KINDS = KINDS | FILE_KINDS
_IN_ITS_WORDS = (file_errors.FileInUse, file_errors.FileFull)
_WITH_FACTS = (
    errors.QuotaExceeded,
    errors.TooManyRunning,
    file_errors.FileTooBig,
    file_errors.SpoolFull,
    file_errors.TooManyFiles,
    file_errors.OffsetWrong,
)


class Problem(Exception):
    """What only HTTP can get wrong, or a sort of answer that needs words of its own.

    `faults` are (JSON pointer, detail) pairs; `facts` further members of the problem.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str | None = None,
        faults: Iterable[tuple[str, str]] = (),
        facts: ProblemFacts | None = None,
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.detail = detail or kind.detail
        self.faults = list(faults)
        self.facts: ProblemFacts = facts or {}


def too_many_tries(wait_s: int) -> Problem:
    """Return what somebody hears who tried too many keys."""
    return Problem(replace(TOO_MANY_TRIES, headers={"Retry-After": str(wait_s)}))


def answer_to(error: Exception) -> Response:
    """Return the problem that `error` is to the client; what nobody foresaw is logged whole."""
    if isinstance(error, Problem):
        return _answer(error)
    if isinstance(error, HTTPException):
        return _answer_to_http(error)
    if isinstance(error, CursorInvalid):
        return _answer(Problem(CURSOR_INVALID, str(error).capitalize() + "."))
    kind = next((_KINDS[cls] for cls in type(error).__mro__ if cls in _KINDS), None)
    if kind is None:
        log.error("unhandled", exc_info=error)
        return _answer(Problem(BROKEN))
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning(kind.code, reason=str(error))
    faults: Iterable[tuple[str, str]] = ()
    if isinstance(error, errors.RequestInvalid):
        faults = error.problems
    elif kind.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        faults = [("", kind.title)]  # the whole of the body, not a field of it
    detail, facts = None, cast(ProblemFacts, {})
    if isinstance(error, errors.ActionRefused):
        kind, detail = replace(kind, code=error.code.value), str(error)
        facts = cast(ProblemFacts, error.facts)
    if isinstance(error, _WITH_FACTS):
        detail, facts = str(error), cast(ProblemFacts, error.facts)
    elif isinstance(error, _IN_ITS_WORDS):
        detail = f"{str(error)[:1].upper()}{str(error)[1:]}."
    answer = _answer(Problem(kind, detail, faults, facts))
    if isinstance(error, errors.UpstreamBusy):
        answer.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return answer


def _answer_to_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return _answer(Problem(Kind(status, code, status.phrase, status.description, headers)))


def body_of(kind: Kind) -> bytes:
    """Return a problem that needs no words of its own, for where there is no request yet."""
    return bytes(_answer(Problem(kind)).get_data())


def _answer(problem: Problem) -> Response:
    kind = problem.kind
    title, detail = kind.title, problem.detail
    names = (problem.facts.get("reason", kind.code), kind.detail, title)
    in_spanish = spanish.problem(names, problem.facts) if spanish.is_wanted() else None
    if in_spanish is not None:
        title, detail = in_spanish
    body: ProblemDetails = {
        "type": f"urn:storyclip:problem:{kind.code}",
        "title": title,
        "status": int(kind.status),
        "detail": detail,
        "code": kind.code,
        "error": title,
    }
    if kind.of_files:
        body["words"] = _in_words(kind.code, problem.facts)
    if problem.faults:
        faults = problem.faults
        if in_spanish is not None:
            faults = [(pointer, spanish.fault(words)) for pointer, words in faults]
        body["errors"] = _that_fit(
            faults, kind.max_bytes - len(encode(body | problem.facts)) - len(',"errors":[]')
        )
    answer = Response(
        encode(body | problem.facts),
        kind.status,
        dict(kind.headers),
        content_type="application/problem+json",
    )
    answer.content_language = "en" if in_spanish is None else "es"
    answer.vary.add("Accept-Language")
    return answer


def _in_words(code: str, facts: ProblemFacts) -> Sentence:
    told = cast(dict[str, int], facts)
    return {"es": refusal_words(code, told, "es"), "en": refusal_words(code, told, "en")}


def _that_fit(faults: list[tuple[str, str]], room: int) -> list[Fault]:
    """Return the first faults, as many as `room` bytes hold."""
    shown: list[Fault] = []
    for pointer, detail in faults:
        fault: Fault = {"pointer": pointer, "detail": detail}
        room -= len(encode(fault)) + 1
        if room < 0:
            break
        shown.append(fault)
    return shown
