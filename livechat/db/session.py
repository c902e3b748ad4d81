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
"""A Pyramid request. The rooms below the web layer do not import Pyramid, not even for types."""

# GET and HEAD only read. Everything else is a unit of work that writes, and is marked as such before it begins.
READING_METHODS = {"GET", "HEAD", "OPTIONS"}


def writing(session: Session) -> Session:
    """Begin a session's transaction as one that writes (SQLite: ``BEGIN IMMEDIATE``). Returns the session."""
    write_with(session)
    return session


def request_session(request: Request) -> Session:
    """``request.dbsession``: a session in the request's transaction. Tests supply one of their own in the environ."""
    if "app.dbsession" in request.environ:
        session: Session = request.environ["app.dbsession"]
        return session
    # The command line never needs it, and starts faster without.
    from zope.sqlalchemy import datamanager  # noqa: PLC0415

    session = request.registry["livechat.dbsession_factory"]()
    writes = request.method not in READING_METHODS
    # A request that waits for a connection to write must not hold one to read: such requests could wait for each other
    # for ever.
    give_back_reading(request)
    if writes:
        try:
            writing(session)
        except BaseException:
            session.close()  # returns its connection now, and not at garbage collection
            raise
    # `zope.sqlalchemy.register` does this when a transaction begins, but needs a listener to notice; here it has begun.
    # Many statements bypass the session, so a request that writes always counts as having changed something.
    state = datamanager.STATUS_CHANGED if writes else datamanager.STATUS_ACTIVE
    datamanager.join_transaction(session, state, request.tm)
    request.has_begun = True
    return session


def in_transaction(request: Request) -> bool:
    """Whether the request's transaction has begun, or the request was given a session with one."""
    return "app.dbsession" in request.environ or getattr(request, "has_begun", False)


@contextmanager
def apart(request: Request, *, writes: bool = True) -> Iterator[Session]:
    """A short transaction apart from the request's own, committed even if the request is refused afterwards.

    `writes`: whether it begins as one that writes. If the request's transaction has already begun (an application that
    includes livechat may do so), this uses that one: on SQLite a second one would wait for it for ever.
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
    """``request.db``: the connection for reading plain rows.

    Within a transaction it is the transaction's. Before, and for a request that only reads, it has no transaction,
    because beginning one would take longer than the read.
    """
    if in_transaction(request):
        return cast("Connection", request.dbsession.connection())
    return cast("Connection", request.reading)


def request_reading(request: Request) -> Connection:
    """A connection for quick reads, until the request ends or its transaction begins."""
    connection: Connection = request.registry["livechat.reading_engine"].connect()
    request.reads_with = connection
    request.add_finished_callback(give_back_reading)
    return connection


def give_back_reading(request: Request) -> None:
    """Return the connection of `request.reading`, if there is one; `request.db` is then the transaction's."""
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

    `write`: whether it begins as one that writes. `wakeup` is told what has changed, and tells the serving processes.
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
    # Objects keep their values after the commit, because responses are rendered from them.
    config.registry["livechat.dbsession_factory"] = sessionmaker(engine, expire_on_commit=False)
    config.add_request_method(request_session, "dbsession", reify=True)
    config.add_request_method(request_connection, "db", property=True)
    config.add_request_method(request_reading, "reading", reify=True)
