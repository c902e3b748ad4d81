"""What all streams have in common: the answer, where to go on from, who types."""

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
# Asked for by name: who takes text/* or */* does not expect an answer without an end.
STREAMED = {"accept": EVENT_STREAM, "header": f"Accept:.*{EVENT_STREAM}"}


def resume_from(request: Request) -> str | None:
    """The cursor from which a reader goes on: a browser's own header wins over the address it began with."""
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
    """The answer that goes on. The listener listens before the backlog is read, so nothing falls in between.
    `here`: whose presence it is, as `OpenPages` calls them.

    Raises TooManyStreams, and what the database says when the backlog cannot be read.
    """
    realtime = request.realtime
    give_back = realtime.take_slot(who, network(request))
    if request.method == "HEAD":  # its body is never asked for
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
    # The stream takes a connection of its own: a request that holds two may wait for those that hold one.
    give_back_reading(request)
    stream.begin()
    response = Response(content_type=EVENT_STREAM, charset="utf-8")
    response.app_iter = stream
    # nginx and its like pass on what comes, when it comes.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def say_typing(
    request: Request, session_id: int, admin_id: int | None, data: dict[str, Any]
) -> None:
    """Tell who has the conversation open that somebody begins or ends to type. Raises Invalid."""
    typing = validation.flag(data.get("typing", True), "typing")
    request.realtime.wakeup.say(Typing(session_id, admin_id, typing))


def includeme(config: Configurator) -> None:
    # Accept: */* must never get the stream by accident.
    config.add_accept_view_order(EVENT_STREAM, weighs_less_than="application/json")
