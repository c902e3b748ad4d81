"""The static files, at /static/FINGERPRINT/…: read and minified once at startup, and cached by browsers for a year.

All files share one fingerprint, because scripts import each other by relative URL. The URL of an import therefore
begins with the fingerprint of the script that imports it, and no file has to be rewritten.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from rcssmin import cssmin
from rjsmin import jsmin

from ..permissions import Permission

FOLDER = Path(str(files("livechat").joinpath("static")))
_PAGES = ("tokens", "common/base", "desk/dark", "desk/desk", "desk/controls", "desk/column")
_LIST = ("desk/inbox", "desk/list", "desk/today", "desk/rows", "desk/density")
_TALK = ("desk/facts", "desk/conversation", "desk/editor", "desk/reply_picker", "common/timeline")
# The styles that a page needs before it shows anything are one file: every round trip is slow on a phone.
SHEETS = {
    "pages": _PAGES,
    "desk": (*_PAGES, "desk/top_bar", "desk/menus", "desk/palette"),
    "inbox": (*_LIST, *_TALK, "desk/history", "desk/notes"),
    "chat": (
        "tokens",
        "common/base",
        "widget/frame",
        "common/timeline",
        "widget/conversation",
        "widget/composer",
    ),
}
# They remove only comments and spaces. Names stay, so the result can be read.
MINIFIERS = {".css": cssmin, ".js": jsmin}


def sources() -> dict[str, list[Path]]:
    """Return the source files of each path below the fingerprint: one file, or several style sheets."""
    paths = (path for kind in MINIFIERS for path in FOLDER.rglob(f"*{kind}"))
    found = {path.relative_to(FOLDER).as_posix(): [path] for path in paths}
    for name, parts in SHEETS.items():
        found[f"sheets/{name}.css"] = [FOLDER / f"{part}.css" for part in parts]
    return found


def read(paths: list[Path]) -> str:
    """Read the source files of a path as one text."""
    return "\n".join(path.read_text("utf-8") for path in paths)


def read_minified() -> dict[str, str]:
    """Read and minify all scripts and style sheets."""
    found = sorted(sources().items())
    return {name: MINIFIERS[paths[0].suffix](read(paths)) for name, paths in found}


def text_of(request: Request, name: str) -> str:
    """Return a file as it was minified at startup; in development, its current source.

    Raises HTTPNotFound for an unknown path.
    """
    try:
        if request.livechat.development:
            return read(sources()[name])
        text: str = request.registry["livechat.static"][name]
    except KeyError:
        raise HTTPNotFound() from None
    return text


def static_file(request: Request) -> Response:
    """Send one static file."""
    name = request.matchdict["name"]
    content_type = "text/css" if name.endswith(".css") else "text/javascript"
    response = Response(text_of(request, name), content_type=content_type)
    if not request.livechat.development:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"  # a year
    return with_etag(response)


def with_etag(response: Response) -> Response:
    """Add an ETag, so that a client that has this body already gets 304."""
    response.md5_etag()
    response.conditional_response = True
    return response


def includeme(config: Configurator) -> None:
    found = config.registry["livechat.static"] = read_minified()
    texts = "\0".join(part for item in found.items() for part in item)
    fingerprint = hashlib.sha256(texts.encode()).hexdigest()[:12]
    config.add_route("livechat_static", f"static/{fingerprint}/{{name:.+}}")
    config.add_view(
        static_file, route_name="livechat_static", request_method="GET", permission=Permission.VISIT
    )
