"""Polls without news, answered with the very answer that the same request got a moment ago.

It is no second opinion on who may see what: views and ACLs have made the answer, for the same address, token and
origin, and it is only kept as long as `known.Remembered` is sure that they would make it again. Without this a poll
costs four times a view that does nothing; with it less than twice (bench/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from ..desk.presence import CUSTOMER

# All that the answer to a customer's GET depends on; cookies are ignored there.
_MADE_OF = (
    "PATH_INFO",
    "SCRIPT_NAME",
    "QUERY_STRING",
    "HTTP_AUTHORIZATION",
    "HTTP_ORIGIN",
    "HTTP_ACCEPT",
    "HTTP_HOST",
    "wsgi.url_scheme",
)


def _key(environ: Mapping[str, Any]) -> bytes:
    """A fingerprint of what the answer depends on. Clients choose the length of a header, but not that of a key."""
    return sha256(
        repr([environ.get(name) for name in _MADE_OF]).encode("utf-8", "replace")
    ).digest()


def replay_polls(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """A tween, before everything else."""

    def tween(request: Request) -> Response:
        environ = request.environ
        if request.method != "GET" or "/messages/" not in environ.get("PATH_INFO", ""):
            return handler(request)
        realtime = registry["livechat.realtime"]
        key = _key(environ)
        kept = realtime.known.answer(key)
        if kept is not None:
            realtime.open_pages.polled(CUSTOMER, kept.session_id)
            return Response(body=kept.body, headerlist=list(kept.headers))
        changes = realtime.known.changes
        response = handler(request)
        session_id = getattr(request, "polled_without_news", None)
        if session_id is not None and response.status_int == 200:
            headers = tuple(response.headerlist)
            realtime.known.keep_answer(key, session_id, response.body, headers, changes)
        return response

    return tween


def includeme(config: Configurator) -> None:
    config.add_tween(
        "livechat.web.poll_replay.replay_polls",
        under=INGRESS,
        over="livechat.web.request_body.read_request",
    )
