"""The static files: /static/FINGERPRINT/…, so that they can be cached for ever, modules that import each other too."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from ..permissions import Permission

A_YEAR = 365 * 24 * 3600
FOLDER = Path(str(files("livechat").joinpath("static")))
_PAGES = ("tokens", "common/base", "desk/dark", "desk/desk", "desk/controls", "desk/column")
_LIST = ("desk/inbox", "desk/list", "desk/today", "desk/rows", "desk/density")
_TALK = ("desk/facts", "desk/conversation", "desk/editor", "desk/reply_picker", "common/timeline")
# What a page needs before it shows anything travels together: a phone pays for every round trip.
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


def sheet(request: Request) -> Response:
    """Several style sheets as one: ``/static/FINGERPRINT/sheets/NAME.css``."""
    names = SHEETS[request.matchdict["name"]]
    text = "\n".join((FOLDER / f"{name}.css").read_text("utf-8") for name in names)
    response = Response(text, content_type="text/css", charset="utf-8")
    response.cache_expires = _lasts(request.livechat.development)
    return response


def _lasts(development: bool) -> int:
    # Whoever works on these files wants to see the change, not the cache.
    return 0 if development else A_YEAR


def fingerprint(folder: Path) -> str:
    """A short hash of every file below a folder. One for all, because modules import each other by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def includeme(config: Configurator) -> None:
    place = f"static/{fingerprint(FOLDER)}"
    # Before the folder itself, which takes whatever is beneath it.
    config.add_route("static_sheet", f"{place}/sheets/{{name:{'|'.join(SHEETS)}}}.css")
    config.add_view(
        sheet, route_name="static_sheet", request_method="GET", permission=Permission.VISIT
    )
    config.add_static_view(
        place,
        "livechat:static",
        cache_max_age=_lasts(config.registry["livechat.settings"].development),
        permission=Permission.VISIT,
    )
