"""Guests and their tokens: they identify a customer from one request to the next."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from ..db.changes import touch
from ..db.dialects import PerDialect, Reader
from ..models import ChatSession, Guest, GuestToken, ResumeTicket, now, table_of

# How long a start whose answer was lost may be repeated without a token.
REPEATABLE = timedelta(hours=24)
_ADD = PerDialect(lambda insert: insert(Guest).on_conflict_do_nothing())


_TOKENS = table_of(GuestToken)
_GUEST = select(_TOKENS.c.guest_id).where(
    _TOKENS.c.token_hash == bindparam("hash"), _TOKENS.c.revoked_at.is_(None)
)
_GOOD = select(_TOKENS.c.token_hash).where(
    _TOKENS.c.token_hash.in_(bindparam("hashes", expanding=True)), _TOKENS.c.revoked_at.is_(None)
)


def hash_token(token: str) -> str:
    """SHA-256 of a token, in hex. Tokens are 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_guest(db: Session, start_key: str | None) -> Guest:
    """Return a guest for a start without a token: a new one, or the one that a start with this key made within a day.

    Like a token, the key proves that a repeated start comes from the same browser. It is a secret of that browser:
    it is never shown to anybody, and only its hash is stored. The guest's row stays locked until the commit,
    so a token given out now cannot escape a revocation.
    """
    if start_key is None:
        guest = Guest(created_at=now())
        db.add(guest)
        db.flush()
        return guest
    key = hash_token(f"start {start_key}")
    old = (Guest.start_key == key, Guest.created_at < now() - REPEATABLE)
    db.execute(update(Guest).where(*old).values(start_key=None))
    while True:
        # Of two concurrent starts, the second waits here for the first to commit and then finds its row.
        db.execute(_ADD.on(db).values(start_key=key, created_at=now()))
        found = select(Guest).where(Guest.start_key == key).with_for_update(key_share=True)
        if known := db.scalars(found).one_or_none():
            return known
        # A revocation has just removed the key from its guest: try again.


def give_token(db: Session, guest: Guest) -> str:
    """Return a new token for a guest. It is shown only here, once; the database keeps its hash."""
    token = new_token()
    db.add(GuestToken(guest_id=guest.id, token_hash=hash_token(token), created_at=now()))
    db.flush()
    return token


def hold_guest(db: Session, guest_id: int) -> Guest:
    """Lock a guest's row until the commit, so that tokens and tickets are given and revoked one after the other."""
    found = select(Guest).where(Guest.id == guest_id).with_for_update(key_share=True)
    return db.scalars(found.execution_options(populate_existing=True)).one()


def revoke_tokens(db: Session, session: ChatSession) -> int:
    """Revoke every token, start key and resume ticket of this session's guest; returns how many tokens were
    revoked."""
    guest = hold_guest(db, session.guest_id)
    guest.start_key = None
    good = (GuestToken.guest_id == guest.id, GuestToken.revoked_at.is_(None))
    revoked = update(GuestToken).where(*good).values(revoked_at=now())
    tokens = db.scalars(revoked.returning(GuestToken.id)).all()
    kept = (ResumeTicket.guest_id == guest.id, ResumeTicket.revoked_at.is_(None))
    db.execute(update(ResumeTicket).where(*kept).values(revoked_at=now()))
    recheck_streams(db, guest.id)
    return len(tokens)


def recheck_streams(db: Session, guest_id: int) -> None:
    """Wake the open streams of a guest's conversations, so that they check their tokens again."""
    theirs = select(ChatSession.id).where(ChatSession.guest_id == guest_id)
    for number in db.scalars(theirs.order_by(ChatSession.id.desc()).limit(100)):
        touch(db, number)


def guest_id_by_token(db: Reader, token: str) -> int | None:
    """Return the id of the guest whom a token identifies, or None when it is unknown or revoked."""
    return db.execute(_GUEST, {"hash": hash_token(token)}).scalar()


def good_tokens(db: Reader, hashes: Collection[str]) -> set[str]:
    """Return those of these token hashes that are still valid."""
    return set(db.execute(_GOOD, {"hashes": list(hashes)}).scalars())
