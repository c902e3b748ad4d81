"""What all streams share: the response, the cursor to resume from, and who is typing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from .. import validation
from ..db.session import give_back_reading
from ..realtime.hints import Typing
from ..realtime.sse import EventStream, Feed
from ..web.rate_limits import network

EVENT_STREAM = "text/event-stream"
# The client must name the type: one that accepts text/* or */* does not expect an endless response.
STREAMED = {"accept": EVENT_STREAM, "header": f"Accept:.*{EVENT_STREAM}"}


def resume_from(request: Request) -> str | None:
    """Return the cursor to resume from. After a reconnect, the browser's header is newer than the URL."""
    cursor: str | None = request.headers.get("Last-Event-ID") or request.GET.get("after")
    return cursor


def streamed(
    request: Request,
    feed: Feed,
    topic: int,
    who: str,
    here: Sequence[tuple[str, int]],
    *,
    everything: bool = False,
    proof: str | None = None,
) -> Response:
    """Return an endless response. The listener is registered before the backlog is read, so nothing is missed in
    between.

    `who`: whose streams are counted together; `here`: the presences, as `OpenPages` counts them. Raises TooManyStreams,
    and the database's error if the backlog cannot be read.
    """
    realtime = request.realtime
    give_back = realtime.take_slot(who, network(request))
    if request.method == "HEAD":  # its body is never read
        give_back()
        return Response(content_type=EVENT_STREAM, charset="utf-8")
    realtime.start()
    listener = realtime.hub.listen(topic, everything=everything)
    listener.proof = proof
    for one in here:
        realtime.open_pages.arrive(*one)

    def on_close() -> None:
        realtime.hub.forget(listener)
        for one in here:
            realtime.open_pages.leave(*one)
        give_back()

    stream = EventStream(feed, listener, request.environ, on_close)
    # The stream takes a connection of its own. Requests that held two could wait for each other for ever.
    give_back_reading(request)
    stream.begin()
    response = Response(content_type=EVENT_STREAM, charset="utf-8")
    response.app_iter = stream
    # Makes nginx and other proxies pass on each event at once.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def say_typing(
    request: Request, session_id: int, admin_id: int | None, data: dict[str, Any]
) -> None:
    """Tell everyone who has the conversation open that somebody begins or stops typing. Raises Invalid."""
    typing = validation.flag(data.get("typing", True), "typing")
    request.realtime.wakeup.say(Typing(session_id, admin_id, typing))


def includeme(config: Configurator) -> None:
    # Accept: */* must never get the stream by accident.
    config.add_accept_view_order(EVENT_STREAM, weighs_less_than="application/json")
