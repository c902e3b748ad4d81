"""The database: engines, units of work, and where SQLite and PostgreSQL differ.

changes      which conversations a unit of work changes, announced when it commits
dialects     which database is in use, and statements that are built for both
engine       the engines of a process
errors       which errors mean "not now"
hooks        the methods of SQLAlchemy's dialects that livechat replaces
locks        locks for what no row represents
postgresql   connections to PostgreSQL
schema       migrations, and whether they are needed
session      the session of a request, and transactions outside of one
sqlite       connections to SQLite, and its queue of writers
sqlite_file  whether SQLite's file is still in place, and complete
"""
