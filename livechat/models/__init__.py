"""The tables, and the database session that a request works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.orm import Session, configure_mappers, sessionmaker

from .chat import (
    ChatMessage,
    ChatRead,
    ChatSession,
    Guest,
    GuestToken,
    Priority,
    Sender,
    Status,
)
from .desk import Audit, CannedReply, Draft, Mention, SavedView, SessionTag, Tag
from .meta import (
    LONG,
    WRITING,
    Base,
    UTCDateTime,
    in_milliseconds,
    make_engine,
    make_probing_engine,
    make_reading_engine,
    now,
    table_of,
    write_with,
)
from .presence import OutsideWrite, Presence, Worker
from .staff import Admin, AdminLogin, Role

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from sqlalchemy import Connection

__all__ = [
    "LONG",
    "WRITING",
    "Admin",
    "AdminLogin",
    "Audit",
    "Base",
    "CannedReply",
    "ChatMessage",
    "ChatRead",
    "ChatSession",
    "Draft",
    "Guest",
    "GuestToken",
    "Mention",
    "OutsideWrite",
    "Presence",
    "Priority",
    "Role",
    "SavedView",
    "Sender",
    "SessionTag",
    "Status",
    "Tag",
    "UTCDateTime",
    "Worker",
    "give_back_reading",
    "in_milliseconds",
    "in_transaction",
    "make_engine",
    "make_reading_engine",
    "now",
    "table_of",
    "writing",
]

configure_mappers()

# GET and HEAD read; everything else is a unit of work that writes, and says so before it begins.
READING_METHODS = {"GET", "HEAD", "OPTIONS"}


def writing(session: Session) -> Session:
    """Begin the session's transaction as one that writes (SQLite: ``BEGIN IMMEDIATE``)."""
    write_with(session)
    return session


def request_session(request: Request) -> Session:
    """``request.dbsession``: joined to the request's transaction; tests hand in one of their own."""
    if "app.dbsession" in request.environ:
        session: Session = request.environ["app.dbsession"]
        return session
    from zope.sqlalchemy import (
        datamanager,  # here: the command line does without, and starts quicker
    )

    session = request.registry["livechat.dbsession_factory"]()
    writes = request.method not in READING_METHODS
    # Who waits for a connection to write must not hold one to read: all of them together would wait for ever.
    give_back_reading(request)
    if writes:
        try:
            writing(session)
        except BaseException:
            session.close()  # its connection goes back now, and not when somebody collects garbage
            raise
    # What `zope.sqlalchemy.register` does when a transaction begins, without listening for when that is: it has
    # begun. Much is written past the session's objects, so a request that writes is taken to have changed something.
    state = datamanager.STATUS_CHANGED if writes else datamanager.STATUS_ACTIVE
    datamanager.join_transaction(session, state, request.tm)
    request.has_begun = True
    return session


def in_transaction(request: Request) -> bool:
    """Whether the request has begun its transaction, or has been handed a session with one."""
    return "app.dbsession" in request.environ or getattr(request, "has_begun", False)


def request_connection(request: Request) -> Connection:
    """``request.db``: what plain rows are read with. Once there is a transaction that is its connection; before, and
    for a request that only reads, one without a transaction, which would take longer than what it is for."""
    if in_transaction(request):
        return cast("Connection", request.dbsession.connection())
    return cast("Connection", request.reading)


def request_reading(request: Request) -> Connection:
    """A connection for quick looks, until the end of the request or until its transaction begins."""
    connection: Connection = request.registry["livechat.reading_engine"].connect()
    request.reads_with = connection
    request.add_finished_callback(give_back_reading)
    return connection


def give_back_reading(request: Request) -> None:
    """Give back what `request.reading` has taken, if it has; `request.db` is the transaction's from now on."""
    connection = getattr(request, "reads_with", None)
    if connection is not None:
        connection.close()
        request.reads_with = None
        request.__dict__.pop("reading", None)


def includeme(config: Configurator) -> None:
    settings: Any = config.registry["livechat.settings"]
    engine = make_engine(settings.database_url, busy_timeout_ms=settings.busy_timeout_ms)
    config.registry["livechat.engine"] = engine
    reading = config.registry["livechat.reading_engine"] = make_reading_engine(engine)
    config.registry["livechat.probing_engine"] = make_probing_engine(engine, reading)
    # Objects keep their values after the commit: a response is rendered from them.
    config.registry["livechat.dbsession_factory"] = sessionmaker(engine, expire_on_commit=False)
    config.add_request_method(request_session, "dbsession", reify=True)
    config.add_request_method(request_connection, "db", property=True)
    config.add_request_method(request_reading, "reading", reify=True)
