"""Guests and their tokens: who a customer is from one request to the next."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from .models import ChatSession, Guest, GuestToken, now
from .realtime.changes import touch

# How long a start whose answer was lost may be repeated without a token.
REPEATABLE = timedelta(hours=24)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def hash_token(token: str) -> str:
    """SHA-256 of a token, in hex. Tokens are 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits, as 43 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(32)


def new_guest(db: Session, client_id: str | None, *, with_message: bool = True) -> Guest:
    """A guest for a start without a token: a new one, or, when a start with this client_id was answered
    within the last day but its answer was lost, the guest it made.

    Only a UUID counts, because only what nobody can guess may stand for a person; and a repetition without
    the message is none, because the message is what proves to repeat it.
    """
    if client_id is None or not _UUID.fullmatch(client_id):
        guest = Guest(created_at=now())
        db.add(guest)
        db.flush()
        return guest
    key = hash_token(f"start {client_id.lower()} {with_message}")
    old = (Guest.start_key == key, Guest.created_at < now() - REPEATABLE)
    db.execute(update(Guest).where(*old).values(start_key=None))
    # Two at once: the second waits here for the first to commit, and then finds its row.
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    db.execute(insert(Guest).values(start_key=key, created_at=now()).on_conflict_do_nothing())
    return db.scalars(select(Guest).where(Guest.start_key == key)).one()


def give_token(db: Session, guest: Guest) -> str:
    """A fresh token for a guest. It is shown once, here; only its hash is kept."""
    token = new_token()
    db.add(GuestToken(guest_id=guest.id, token_hash=hash_token(token), created_at=now()))
    db.flush()
    return token


def revoke_tokens(db: Session, session: ChatSession) -> int:
    """Shut out every browser that holds a token of this session's guest; returns how many tokens."""
    query = update(GuestToken).where(
        GuestToken.guest_id == session.guest_id, GuestToken.revoked_at.is_(None)
    )
    guest = db.get_one(Guest, session.guest_id)
    guest.start_key = None
    tokens = db.scalars(query.values(revoked_at=now()).returning(GuestToken.id)).all()
    touch(db, session.id)  # open streams look again whether they may go on
    return len(tokens)
