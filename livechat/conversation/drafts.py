"""Drafts: what an admin has begun to write in a session, stored on the server."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..db.dialects import PerDialect, Reader
from ..exceptions import Invalid
from ..models import Draft, now

LONGEST_DRAFT = 4000  # characters
_KEEP = PerDialect(lambda insert: insert(Draft))


def draft_of(db: Reader, session_id: int, admin_id: int) -> Any | None:
    """An admin's draft in a session: a row with body, note and updated_at, or None."""
    query = select(Draft.body, Draft.note, Draft.updated_at).where(
        Draft.session_id == session_id, Draft.admin_id == admin_id
    )
    return db.execute(query).first()


def keep_draft(db: Session, session_id: int, admin_id: int, body: str, *, note: bool) -> None:
    """Store an admin's draft, of a note if `note`. A blank body deletes it. Raises Invalid when it is too long."""
    if len(body) > LONGEST_DRAFT:
        raise Invalid("body", f"A draft can have at most {LONGEST_DRAFT} characters.")
    if not body.strip():
        mine = (Draft.session_id == session_id) & (Draft.admin_id == admin_id)
        db.execute(delete(Draft).where(mine).execution_options(synchronize_session=False))
        return
    kept = {"body": body, "note": note, "updated_at": now()}
    connection = db.connection()
    keep = _KEEP.on(connection).values(session_id=session_id, admin_id=admin_id, **kept)
    connection.execute(
        keep.on_conflict_do_update(index_elements=["session_id", "admin_id"], set_=kept)
    )
