"""`livechat sessions watch`: what happens in the chats, as it happens."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable

import click

from ..conversation.system_messages import Event
from ..db import errors
from ..realtime.backends import choose
from ..realtime.hub import EVERYTHING, Hub, Listener
from ..serializers import admin_message, admin_session
from .context import Context, pass_context, tell
from .follower import Follower, News
from .output import console, is_terminal, print_json, print_plain, styled
from .params import NUMBER, session_by_number
from .session_output import message_columns, print_message, who

INTERVAL = 1.0  # seconds
AWAY_INTERVAL = 2.0
_STATUS_EVENTS = {Event.TAKEN, Event.ASSIGNED, Event.UNASSIGNED, Event.CLOSED, Event.REOPENED}


@click.command()
@click.argument("number", type=NUMBER, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_context
def watch(context: Context, number: int | None, as_json: bool) -> None:
    """Follow all chats, or one, live until Ctrl-C.

    Columns when piped: the chat's number, seq, time, from (customer, admin, note or system), author, text. As
    JSON: {"event": "message", "number", "message"} for each entry, {"event": "session", "session"} when a
    chat starts or changes hands.

    \b
    Examples:
      livechat sessions watch
      livechat sessions watch 12
      livechat sessions watch --json | jq .message.body
    """
    if number is not None:
        with context.reading() as db:
            session_by_number(db, number)
    follower = Follower(context.engine, number)
    hub = Hub()
    wakeup = choose(context.settings.wakeup, context.engine, hub)
    listener = hub.listen(EVERYTHING)
    show = _show_json if as_json else _show_on_terminal if is_terminal() else _show_plain
    tell(f"Watching {'all chats' if number is None else f'chat #{number}'}. Press Ctrl-C to stop.")
    wakeup.start()
    try:
        _follow(follower, listener, show)
    finally:
        wakeup.stop()
        follower.close()


def _follow(follower: Follower, listener: Listener, show: Callable[[News], None]) -> None:
    away = False
    while not _reader_has_gone():
        # Woken as the open pages of browsers are; should a wake-up be lost, we look ourselves after a second.
        listener.wait(AWAY_INTERVAL if away else INTERVAL)
        try:
            news = follower.news()
        except Exception as error:
            if not errors.is_away(error):
                raise
            # It may be back in a moment (a restart, a lock); nothing is missed meanwhile.
            if not away:
                tell("The database is unavailable. Waiting for it…")
            away = True
            continue
        if away:
            tell("The database is available again.")
        away = False
        for one in news:
            show(one)
        sys.stdout.flush()


def _reader_has_gone() -> bool:
    """Whether the program that reads our output through a pipe has ended."""
    piped = stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode) and hasattr(select, "poll")
    if not piped:
        return False
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return bool(poll.poll(0))


def _show_json(news: News) -> None:
    session, entry = news.row.session, news.entry
    if entry is not None:
        message = admin_message(entry)
        print_json({"event": "message", "number": session.id, "message": message})
    if entry is None or entry.event in _STATUS_EVENTS:
        print_json({"event": "session", "session": admin_session(news.row)})


def _show_plain(news: News) -> None:
    if news.entry is not None:
        print_plain([news.row.session.id, *message_columns(news.entry)])


def _show_on_terminal(news: News) -> None:
    session = news.row.session
    if news.entry is not None:
        print_message(news.entry, session)
        return
    about = session.product_name or session.product_id
    words = f"New chat #{session.id} from {who(session)}" + (f" about {about}" if about else "")
    console().print(styled(words, "bold #d4af37"))
