"""Resume tickets: how a browser that has lost its token continues its conversation.

Browsers clear the storage of a frame from another origin, or give it none. So the page around the frame keeps a ticket
in its own storage and lends it to the frame, which exchanges it for a token and the next ticket. A ticket is 256 random
bits, stored as a hash, valid for one exchange, and grants nothing else.

The rules are those of rotating refresh tokens (RFC 9700, section 4.14.2): a ticket that is used a second time has been
copied, so it and everything derived from it are revoked. Repeating an exchange whose answer was lost is no second use:
the client repeats it under the same exchange key and gets the same answer, until the next ticket is used.
docs/decisions/0014-resume-tickets.md has the reasons.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from ..db.changes import forget_everywhere
from ..db.session import writing
from ..models import ChatSession, GuestToken, ResumeTicket, Status, now, table_of
from .guests import guest_id_by_token, hash_token, hold_guest, new_token, recheck_streams

log = logging.getLogger(__name__)

LASTS = timedelta(days=30)
LATE = timedelta(
    minutes=2
)  # how long a repeated exchange may be delayed when the next ticket is already used
MOST_UNUSED = 10  # unused tickets for one guest
MOST_USED = 100  # used tickets that are remembered for one guest
AT_ONCE = 1000  # expired tickets that one round deletes

_TICKETS = table_of(ResumeTicket)
_TOKENS = table_of(GuestToken)


@dataclass(frozen=True)
class Exchanged:
    """The result of exchanging a ticket."""

    guest_id: int
    token: str
    ticket: str


def give_ticket(db: Session, guest_id: int, token: str, site: str) -> str | None:
    """Return the first ticket of a chain, for a guest with this valid token. It is shown only here, once.

    `site` is the origin of the page that keeps the ticket. None when the token was revoked since it was checked.
    """
    hold_guest(db, guest_id)
    if (
        guest_id_by_token(db.connection(), token) != guest_id
    ):  # read again under the guest's lock: nobody can revoke it now
        return None
    ticket = new_token()
    _add(db, guest_id, uuid.uuid4().hex, ticket, site)
    _delete_surplus(db, guest_id)
    return ticket


def exchange(
    db: Session, ticket: str, exchange_key: str | None, site: str | None
) -> Exchanged | None:
    """Exchange a ticket for a token and the next ticket. None when it is not valid.

    `exchange_key` distinguishes a repetition of the same exchange from another use of the same ticket. `site` is the
    origin of the page that kept the ticket. Commit even after None: a second use has revoked what the first led to.
    """
    found = _find(db, ticket)
    if found is None:
        return None
    hold_guest(db, found.guest_id)
    found = _find(db, ticket)  # read again under the guest's lock: nobody else can use it now
    if found is None or found.revoked_at is not None or found.expires_at <= now():
        return None
    if found.site != site:
        log.warning(
            "A resume ticket of guest %s for %s was refused to %s.",
            found.guest_id,
            found.site,
            site,
        )
        return None
    if found.used_at is None:
        return _first_use(db, found, ticket, exchange_key)
    return _repeated_use(db, found, ticket, exchange_key)


def newest_session(db: Session, guest_id: int) -> ChatSession | None:
    """Return the conversation that a guest continues: the open one, else the newest."""
    query = select(ChatSession).where(ChatSession.guest_id == guest_id)
    is_open = (ChatSession.status != Status.CLOSED).desc()
    return db.scalars(query.order_by(is_open, ChatSession.id.desc()).limit(1)).first()


def _first_use(db: Session, found: Any, ticket: str, exchange_key: str | None) -> Exchanged:
    nonce, key = new_token(), exchange_key or new_token()
    answer = _answer(found, nonce, ticket, key)
    token = {"guest_id": found.guest_id, "token_hash": hash_token(answer.token)}
    token_id = db.scalar(
        insert(GuestToken).values(**token, created_at=now()).returning(_TOKENS.c.id)
    )
    before = (_TICKETS.c.chain == found.chain, _TICKETS.c.id < found.id)
    # The client has received the previous answer, so nobody needs its nonce again.
    db.execute(
        update(ResumeTicket).where(*before, _TICKETS.c.nonce.is_not(None)).values(nonce=None)
    )
    used = {
        "used_at": now(),
        "exchange_hash": hash_token(key),
        "nonce": nonce,
        "token_id": token_id,
    }
    db.execute(update(ResumeTicket).where(_TICKETS.c.id == found.id).values(**used))
    _add(db, found.guest_id, found.chain, answer.ticket, found.site)
    _delete_surplus(db, found.guest_id)
    return answer


def _repeated_use(
    db: Session, found: Any, ticket: str, exchange_key: str | None
) -> Exchanged | None:
    same = exchange_key is not None and hash_token(exchange_key) == found.exchange_hash
    if same and exchange_key is not None and found.nonce is not None:
        return _answer(found, found.nonce, ticket, exchange_key)
    if same and now() - found.used_at < LATE:
        return None  # a repetition that the next exchange has overtaken
    _revoke_from(db, found)
    return None


def _revoke_from(db: Session, found: Any) -> None:
    """Revoke a ticket, all tickets derived from it, and the tokens they were exchanged for."""
    since = (_TICKETS.c.chain == found.chain, _TICKETS.c.id >= found.id)
    tokens = select(_TICKETS.c.token_id).where(*since, _TICKETS.c.token_id.is_not(None))
    good = (_TOKENS.c.id.in_(tokens), _TOKENS.c.revoked_at.is_(None))
    db.execute(update(GuestToken).where(*good).values(revoked_at=now()))
    db.execute(update(ResumeTicket).where(*since).values(revoked_at=now(), nonce=None))
    recheck_streams(db, found.guest_id)
    forget_everywhere(db)
    log.warning(
        "A resume ticket of guest %s for %s was used twice. It, its successors and their tokens are revoked.",
        found.guest_id,
        found.site,
    )


def _find(db: Session, ticket: str) -> Any | None:
    query = select(_TICKETS).where(_TICKETS.c.ticket_hash == hash_token(ticket))
    return db.connection().execute(query).first()


def _add(db: Session, guest_id: int, chain: str, ticket: str, site: str) -> None:
    moment = now()
    values = {"guest_id": guest_id, "chain": chain, "ticket_hash": hash_token(ticket), "site": site}
    times = {"created_at": moment, "expires_at": moment + LASTS}
    db.execute(insert(ResumeTicket).values(**values, **times))


def _answer(found: Any, nonce: str, ticket: str, exchange_key: str) -> Exchanged:
    """Return the answer to an exchange. It can be derived again from the ticket, which only the client has, and 256
    random bits, which only the database has; neither alone is enough."""

    def derived(what: str) -> str:
        secret = hmac.new(
            nonce.encode(), f"{what} {exchange_key} {ticket}".encode(), hashlib.sha256
        )
        return base64.urlsafe_b64encode(secret.digest()).decode().rstrip("=")

    return Exchanged(found.guest_id, derived("token"), derived("ticket"))


def _delete_surplus(db: Session, guest_id: int) -> None:
    """Delete a guest's oldest tickets beyond the limits, and the tokens they were exchanged for."""
    of_guest = select(_TICKETS.c.id, _TICKETS.c.token_id).where(_TICKETS.c.guest_id == guest_id)
    for unused, most in ((True, MOST_UNUSED), (False, MOST_USED)):
        used = _TICKETS.c.used_at.is_(None) if unused else _TICKETS.c.used_at.is_not(None)
        query = of_guest.where(used).order_by(_TICKETS.c.id.desc()).offset(most).limit(AT_ONCE)
        if old := db.connection().execute(query).all():
            db.execute(delete(ResumeTicket).where(_TICKETS.c.id.in_([row.id for row in old])))
            tokens = [row.token_id for row in old if row.token_id is not None]
            db.execute(delete(GuestToken).where(_TOKENS.c.id.in_(tokens)))


def delete_expired(db: Session) -> None:
    """Delete expired tickets. Their tokens stay, because browsers may still use them."""
    old = select(_TICKETS.c.id).where(_TICKETS.c.expires_at <= now()).limit(AT_ONCE)
    db.execute(delete(ResumeTicket).where(_TICKETS.c.id.in_(old)))


def includeme(config: Any) -> None:
    registry: Any = config.registry
    reading, factory = registry["livechat.reading_engine"], registry["livechat.dbsession_factory"]

    def duty() -> None:
        with reading.connect() as db:
            if not db.execute(select(exists().where(_TICKETS.c.expires_at <= now()))).scalar():
                return
        with factory() as db:
            delete_expired(writing(db))
            db.commit()

    registry["livechat.realtime"].duties.append(duty)
