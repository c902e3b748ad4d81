"""Units of work: the session of a request, and transactions outside of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, sessionmaker

from .changes import Announcer, announce, forget_everywhere
from .engine import make_engine, make_probing_engine, make_reading_engine
from .sqlite import write_with

Request = Any
"""A Pyramid request. The rooms below the web layer do not import Pyramid, not for types either."""

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
    # The command line never needs it, and starts more quickly without.
    from zope.sqlalchemy import datamanager  # noqa: PLC0415

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


@contextmanager
def apart(request: Request, *, writes: bool = True) -> Iterator[Session]:
    """A short transaction apart from the request's own: committed at the end, also when the request is refused
    afterwards. Begun as one that writes, unless it only reads.

    Where the request's transaction has begun already (an application around ours may do so), it is that one: on
    SQLite another one would wait for it for ever.
    """
    if in_transaction(request):
        yield request.dbsession
        request.dbsession.flush()
        return
    give_back_reading(request)
    with request.registry["livechat.dbsession_factory"]() as session:
        yield writing(session) if writes else session
        session.commit()


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


@contextmanager
def transaction(
    engine: Engine, *, write: bool = True, wakeup: Announcer | None = None
) -> Iterator[Session]:
    """One unit of work outside of a request: committed at the end, rolled back by an exception.

    `wakeup` is told of what has changed, and tells those who serve.
    """
    with Session(engine, expire_on_commit=False) as session:
        if wakeup is not None:
            announce(session, lambda: wakeup)
        with session.begin():
            if write:
                forget_everywhere(writing(session))
            yield session


def includeme(config: Any) -> None:
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
