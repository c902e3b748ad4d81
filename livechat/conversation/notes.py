"""Notes: texts that admins write to each other in a conversation. Customers see no trace of them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from .. import rights
from ..actors import Actor
from ..models import ChatSession, Sender
from ..permissions import Permission
from . import mentions, read_receipts, sizes
from .message_log import Note, append_note, lock_session, sent
from .messages import Sent, repeated


def add_note(db: Session, session: ChatSession, author: Actor, body: str, client_id: str) -> Sent:
    """Add a note for colleagues, exactly once for each `client_id`, and record its mentions.

    A note is not an answer: it does not take the session, and the customer keeps waiting.

    Raises NotAllowed; Conflict ``client_id_reused``, ``chat_full``.
    """
    rights.check(db, author, Permission.ANSWER)
    lock_session(db, session)
    if before := sent(db, [session.id], author.key, client_id):
        return repeated(before, Sender.NOTE, body)
    sizes.check(session, body, by_customer=False)
    message = append_note(db, session, Note(author, body, client_id))
    mentions.mention(db, session.id, message, author)
    if author.admin_id is not None:
        read_receipts.keep(db, session.id, author.admin_id, message.seq)
    return Sent(message, True)
