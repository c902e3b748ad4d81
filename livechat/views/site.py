"""The site's root: the widget's loader, where / leads, and the health check."""

from __future__ import annotations

import json

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import text

from ..permissions import Permission
from ..resources import Root
from ..web import assets, script_texts

WIDGET_LASTS = 600  # seconds for which visitors may have an old loader after an upgrade


@view_config(context=Root, request_method="GET", permission=Permission.VISIT)
def top(context: Root, request: Request) -> HTTPSeeOther:
    """Redirect to the demo shop, if there is one, else to the conversation page."""
    return HTTPSeeOther(
        request.resource_url(context["demo" if request.livechat.demo_shop else "chat"])
    )


@view_config(context=Root, name="widget.js", request_method="GET", permission=Permission.VISIT)
def widget(context: Root, request: Request) -> Response:
    """The loader: all that a shop's page loads before somebody clicks."""
    style = assets.text_of(request, "widget/loader.css")
    shown = script_texts.translated(script_texts.LOADER, request.localizer.translate)
    words = json.dumps(shown, separators=(",", ":"))
    script = assets.text_of(request, "widget/loader.js")
    script = script.replace('"__LIVECHAT_WORDS__"', words)
    script = script.replace("'__LIVECHAT_STYLE__'", json.dumps(style))
    response = Response(script, content_type="text/javascript")
    response.headers["Cache-Control"] = f"public, max-age={WIDGET_LASTS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return assets.with_etag(response)


@view_config(
    context=Root, name="health", request_method="GET", permission=Permission.VISIT, renderer="json"
)
def health(context: Root, request: Request) -> dict[str, str]:
    """For load balancers and monitors: 200 while the database answers, otherwise 503."""
    with request.registry["livechat.probing_engine"].connect() as db:
        db.execute(text("SELECT 1"))
    return {"status": "ok"}
