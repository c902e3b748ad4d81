"""Canned replies: texts that are used again and again, with variables such as the customer's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .. import audit, rights
from ..actors import Actor
from ..audit import Act
from ..db.dialects import Reader
from ..db.locks import take_turns
from ..exceptions import Conflict, Invalid, Missing
from ..models import CannedReply, now, table_of
from ..permissions import Permission
from ..search.query import fold

EVERYBODY = "all"
LONGEST_CODE = 40
MOST = 1000  # replies that one admin sees
SHOWN = 20  # replies offered in the picker
_REPLIES = table_of(CannedReply)
_VARIABLE = re.compile(r"\{(\w+(?:\.\w+)?)(?:\|([^{}|]{0,100}))?\}")

VARIABLES: dict[str, Callable[[Any, str], Any]] = {
    "customer.name": lambda session, _admin: session.customer_name,
    "customer.email": lambda session, _admin: session.customer_email,
    "product.name": lambda session, _admin: session.product_name or session.product_id,
    "product.url": lambda session, _admin: session.product_url,
    "product.price": lambda session, _admin: session.product_price,
    "chat.number": lambda session, _admin: session.id,
    "admin.name": lambda _session, admin: admin,
}
"""Variables by name. Each takes its value from a session's row and the name of the admin who answers."""


_REPLY = select(_REPLIES).where(
    _REPLIES.c.id == bindparam("id"),
    _REPLIES.c.scope.in_(bindparam("scopes", expanding=True)),
)


def own(admin_id: int) -> str:
    """Return the scope of an admin's own replies."""
    return f"admin:{admin_id}"


def fill(text: str, session: Any, admin_name: str) -> str:
    """Return the text of a reply with the variables filled in for one session.

    ``{customer.name|there}`` becomes the name, or ``there`` without one. An unknown variable, or one with neither value
    nor fallback, stays as it was written, so that the admin notices it.
    """

    def value(found: re.Match[str]) -> str:
        name, fallback = found.groups()
        if name not in VARIABLES:
            return found[0]
        given = VARIABLES[name](session, admin_name)
        if given is not None and str(given) != "":
            return str(given)
        return found[0] if fallback is None else fallback

    return _VARIABLE.sub(value, text)


def replies_of(db: Reader, admin_id: int | None, search: str = "") -> Sequence[Any]:
    """Return the replies that an admin may use, as rows. `admin_id` None returns only those of everybody.

    Replies whose code begins with the search come first, then those used most. Case and accents make no difference.
    """
    scopes = [EVERYBODY] if admin_id is None else [EVERYBODY, own(admin_id)]
    query = select(_REPLIES).where(_REPLIES.c.scope.in_(scopes))
    order = (_REPLIES.c.uses.desc(), _REPLIES.c.code, _REPLIES.c.id)
    found = db.execute(query.order_by(*order).limit(MOST)).all()
    word = fold(" ".join(search.split()))
    if not word:
        return found
    # Not in the database: SQLite folds only ASCII letters. There are few replies.
    fitting = [row for row in found if any(word in fold(text) for text in _texts(row))]
    return sorted(fitting, key=lambda row: not fold(row.code).startswith(word))


def offered(db: Reader, admin_id: int, search: str = "") -> Sequence[Any]:
    """Return the replies that the picker shows. If two share a code, the admin's own one wins."""
    found = replies_of(db, admin_id, search)
    mine = {row.code for row in found if row.scope != EVERYBODY}
    return [row for row in found if row.scope != EVERYBODY or row.code not in mine][:SHOWN]


def _texts(row: Any) -> tuple[str, str, str]:
    return row.code, row.title, row.body


def add(
    db: Session, actor: Actor, *, code: str, title: str, body: str, everybody: bool
) -> CannedReply:
    """Add a reply, for everybody or for the actor alone. Raises Invalid, Conflict ``code_taken``,
    ``too_many_replies``."""
    rights.check(db, actor, Permission.ANSWER)
    scope = _scope(actor, everybody)
    _must_have_room(db, scope)
    moment = now()
    reply = CannedReply(
        scope=scope,
        code=fold_code(code),
        title=title,
        body=body,
        uses=0,
        created_at=moment,
        updated_at=moment,
    )
    with _code_is_free(db, reply.code):
        db.add(reply)
    _record(db, actor, Act.REPLY_ADDED, reply)
    return reply


def change(
    db: Session, actor: Actor, number: int, *, code: str, title: str, body: str, everybody: bool
) -> CannedReply:
    """Change a reply, or who may use it. Raises Invalid, Missing, Conflict ``code_taken``, ``too_many_replies``."""
    rights.check(db, actor, Permission.ANSWER)
    reply, scope = _locked(db, number), _scope(actor, everybody)
    shared = reply.scope == EVERYBODY
    if scope != reply.scope:
        _must_have_room(db, scope)
        if shared:  # making it private removes it for everyone else
            _record(db, actor, Act.REPLY_REMOVED, reply)
    code = fold_code(code)
    with _code_is_free(db, code):
        reply.scope = scope
        reply.code, reply.title, reply.body = code, title, body
        reply.updated_at = now()
    _record(db, actor, Act.REPLY_CHANGED if shared else Act.REPLY_ADDED, reply)
    return reply


def remove(db: Session, actor: Actor, number: int) -> None:
    """Remove a reply. Raises Missing."""
    rights.check(db, actor, Permission.ANSWER)
    reply = _locked(db, number)
    _record(db, actor, Act.REPLY_REMOVED, reply)
    db.delete(reply)
    db.flush()


def used(db: Session, actor: Actor, number: int) -> None:
    """Count one more use of a reply."""
    rights.check(db, actor, Permission.ANSWER)
    more = update(_REPLIES).where(_REPLIES.c.id == number).values(uses=_REPLIES.c.uses + 1)
    db.connection().execute(more)


def fold_code(text: str) -> str:
    """Return a code in the form in which it is stored and compared, without the slash. Raises Invalid."""
    code = unicodedata.normalize("NFC", text).strip().lstrip("/").casefold()
    if len(code) > LONGEST_CODE or not re.fullmatch(r"\w[\w-]*", code):
        raise Invalid(
            "code", f"A short code has 1 to {LONGEST_CODE} letters, digits, - or _, like refund-14."
        )
    return code


def _scope(actor: Actor, everybody: bool) -> str:
    return EVERYBODY if everybody or actor.admin_id is None else own(actor.admin_id)


def _must_have_room(db: Session, scope: str) -> None:
    take_turns(db, f"livechat replies {scope}")
    count = db.scalar(select(func.count()).where(_REPLIES.c.scope == scope)) or 0
    if count >= MOST // 2:
        raise Conflict(
            "too_many_replies", f"You can save at most {MOST // 2} replies. Remove one first."
        )


def _locked(db: Session, number: int) -> CannedReply:
    reply = db.get(CannedReply, number, with_for_update=True, populate_existing=True)
    if reply is None:  # somebody else has just removed it
        raise Missing("This reply no longer exists.")
    return reply


@contextmanager
def _code_is_free(db: Session, code: str) -> Iterator[None]:
    # Changes belong inside the block: beginning a savepoint flushes earlier changes, which it then does not cover.
    try:
        with db.begin_nested():
            yield
            db.flush()
    except IntegrityError:
        raise Conflict("code_taken", f"A reply with the code /{code} already exists.") from None


def _record(db: Session, actor: Actor, act: Act, reply: CannedReply) -> None:
    if reply.scope == EVERYBODY:  # an admin's own replies are private
        audit.record(db, actor, act, target=f"/{reply.code}")


def reply_by_id(db: Reader, number: int, admin_id: int) -> Any | None:
    """Return a canned reply that this admin may use, as a row; None if there is none."""
    return db.execute(_REPLY, {"id": number, "scopes": ["all", f"admin:{admin_id}"]}).first()
