"""The API's page: Swagger UI from our own disk, which asks nobody else for anything."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

routes = Blueprint("docs", __name__)

_OURS = Path(__file__).parents[1] / "docs"
_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "start.js")
# Swagger UI styles its elements one by one, and draws with pictures in its style sheet.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_DAY_S = 86_400


@routes.get("/docs")
def docs() -> Response:
    """Show the OpenAPI document, to read and to try."""
    response = Response((_OURS / "index.html").read_bytes(), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


@routes.get("/docs/<path:name>")
def file(name: str) -> Response:
    """Show one of the files behind it."""
    if name not in _FILES:
        raise NotFound
    said, its_hash = _read(name)
    response = Response(said, mimetype=guess_type(name)[0])
    response.headers["Cache-Control"] = f"public, max-age={_DAY_S}"
    response.set_etag(its_hash)
    response.make_conditional(request)
    return response


@cache
def _read(name: str) -> tuple[bytes, str]:
    # One piece for all who read it, slowly or not: a megabyte for each would be what one can take.
    folder = _OURS if name == "start.js" else _swagger()
    said = (folder / name).read_bytes()
    return said, sha256(said).hexdigest()


def _swagger() -> Path:
    return Path(str(files("flask_swagger_ui"))) / "dist"
