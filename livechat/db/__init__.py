"""The database: engines, units of work, and where SQLite and PostgreSQL differ.

changes      what a unit of work has changed, told when it is committed
dialects     which database it is, and statements that are built for both
engine       the engines of a process
errors       which errors mean "not now"
hooks        the methods of SQLAlchemy's dialects that are replaced
locks        taking turns over what no row represents
postgresql   connections to PostgreSQL
schema       migrating, and whether that is needed
session      the session of a request, and transactions outside of one
sqlite       connections to SQLite, and its queue of writers
sqlite_file  whether SQLite's file is still the same, and whole
"""
