"""The page: a skeleton from here, filled in the browser by the API's first client."""

from __future__ import annotations

import gzip

from flask import Blueprint, Response, make_response, redirect, render_template, request

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.file_words import LANGUAGES
from storyclip.store.access.keys import Holder
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.page.words import Words, language_of, words_in
from storyclip.web.said.problems import Problem
from storyclip.web.said.queries import PageAsked, asked

LANGUAGE_LASTS_S = 365 * 86400

routes = Blueprint(
    "page",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)


_NOTICES = {
    "used": "signin.usedLink",
    "elsewhere": "signin.linkElsewhere",
    "oidc-away": "signin.oidcAway",
    "oidc-refused": "signin.oidcRefused",
    "oidc-unknown": "signin.oidcUnknown",
}


@routes.get("/")
def page() -> Response:
    """Show the page to who is signed in, and where to sign in to everybody else."""
    said = asked(PageAsked)
    if said.lang is not None:
        return _in_language(said.lang)
    words = words_in(language_of(request))
    try:
        who = auth.caller()
    except Problem:
        notice = words.get(_NOTICES.get(said.link or "", ""), "")
        return _rendered("signin.html", words, notice=notice)
    except StoreUnavailable:
        return _rendered("signin.html", words, notice=words["signin.storeAway"], status=503)
    return _rendered("app.html", words, who=who)


@routes.get("/join")
def join() -> Response:
    """Show where to set a password, by a link whose token the server does not see."""
    return _rendered("join.html", words_in(language_of(request)))


@routes.after_request
def _compressed(response: Response) -> Response:
    """Send a third of the bytes; nothing in here is secret, so its length may be known."""
    response.vary.add("Accept-Encoding")
    is_text = (response.mimetype or "").startswith("text/") or response.mimetype == "image/svg+xml"
    if response.status_code == 200 and is_text and request.accept_encodings["gzip"]:
        response.direct_passthrough = False
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.content_encoding = "gzip"
    return response


def _in_language(chosen: str) -> Response:
    response = make_response(redirect("/", 303))
    if chosen in LANGUAGES:
        response.set_cookie(
            "lang",
            chosen,
            max_age=LANGUAGE_LASTS_S,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def _rendered(
    template: str,
    words: Words,
    *,
    who: Holder | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    hours = f"{front().settings.session_lasts_s / 3600:g}"
    text = render_template(
        template,
        t=words,
        who=who,
        notice=notice,
        languages=LANGUAGES,
        hours=hours,
        by_provider=front().provider is not None,
    )
    response = make_response(text, status)
    response.content_language = words.language
    response.vary.update(("Accept-Language", "Cookie"))
    return response
