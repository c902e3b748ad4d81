"""Tags of sessions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..actors import Actor
from ..db.dialects import PerDialect, Reader
from ..exceptions import Invalid
from ..models import ChatSession, SessionTag, Tag, now
from ..permissions import Permission
from ..rights import check
from .message_log import lock_session

MOST_TAGS = 20  # on one session
LONGEST_TAG = 40  # characters
_ADD = PerDialect(lambda insert: insert(Tag).on_conflict_do_nothing(index_elements=["name"]))


def fold_tag(text: str) -> str:
    """A tag in the form in which it is stored and compared. Raises Invalid."""
    folded = " ".join(unicodedata.normalize("NFKC", text).lower().split()).lstrip("#")
    if not 1 <= len(folded) <= LONGEST_TAG or not re.fullmatch(r"[\w .&+/-]+", folded):
        raise Invalid(
            "tags",
            f"A tag has 1 to {LONGEST_TAG} letters, digits, spaces or . & + / - _",
        )
    return folded


def change_tags(
    db: Session, session: ChatSession, actor: Actor, add: Sequence[str], remove: Sequence[str]
) -> None:
    """Add tags to a session and remove others. A tag in both lists is removed. Raises Invalid, NotAllowed."""
    check(db, actor, Permission.ANSWER)
    lock_session(db, session)
    wanted = {fold_tag(name) for name in add} - (gone := {fold_tag(name) for name in remove})
    had = set(tags_of(db, [session.id]).get(session.id, []))
    if len((had | wanted) - gone) > MOST_TAGS:
        raise Invalid("tags", f"A chat can have at most {MOST_TAGS} tags.")
    for name in sorted(wanted - had):
        db.add(SessionTag(session_id=session.id, tag_id=_tag(db, name)))
    if gone & had:
        ids = select(Tag.id).where(Tag.name.in_(gone & had))
        db.execute(
            delete(SessionTag)
            .where(SessionTag.session_id == session.id, SessionTag.tag_id.in_(ids))
            .execution_options(synchronize_session=False)
        )
    db.flush()


def tags_of(db: Reader, session_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of sessions in alphabetical order, by the session's id. Sessions without tags are left out."""
    if not session_ids:
        return {}
    query = (
        select(SessionTag.session_id, Tag.name)
        .join(Tag, Tag.id == SessionTag.tag_id)
        .where(SessionTag.session_id.in_(session_ids))
        .order_by(Tag.name)
    )
    found: dict[int, list[str]] = {}
    for row in db.execute(query):
        found.setdefault(row[0], []).append(row[1])
    return found


def tag_names(db: Reader) -> list[str]:
    """All tags in alphabetical order, at most 1000."""
    return list(db.execute(select(Tag.name).order_by(Tag.name).limit(1000)).scalars())


def _tag(db: Session, name: str) -> int:
    """The id of a tag, which is created if needed. Concurrent calls create it only once."""
    connection = db.connection()
    connection.execute(_ADD.on(connection), {"name": name, "created_at": now()})
    return int(connection.execute(select(Tag.id).where(Tag.name == name)).scalar_one())
