"""Who may do what at this moment: the table of permissions.py, applied to admins as the database has them.

A view checks the permission when an act begins. Since then a colleague may have changed the role or disabled the
account. So each act checks again, under a row lock that prevents either from changing before the act commits. Changing
a role or disabling an account also unassigns that admin's chats, including one that this act has just assigned.

Locks are taken in one order: admins by id, then guests, then conversations. Only reopening checks the assignee last. It
holds a closed chat, which is never among those to unassign, so neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from .actors import STAFF, Actor
from .exceptions import Invalid, NotAllowed
from .models import Admin, table_of
from .permissions import Permission, may, roles_that_may

TRUSTED = {STAFF.key, "automatic"}
"""The keys of the actors that may do everything: the command line, and desk/auto_assignment.py."""
_ADMINS = table_of(Admin)
_HOLD = (
    select(_ADMINS.c.id, _ADMINS.c.username, _ADMINS.c.role, _ADMINS.c.disabled_at)
    .where(_ADMINS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_ADMINS.c.id)
    .with_for_update(read=True)
)
_LACKS = {
    Permission.ANSWER: "can only read",
    Permission.MANAGE: "can't manage the team",
}
_NO_PERMISSION = "doesn't have permission"


def who_may(permission: Permission) -> ColumnElement[bool]:
    """The condition that selects the admins who may do something: enabled, with a role that allows it."""
    return and_(_ADMINS.c.disabled_at.is_(None), _ADMINS.c.role.in_(roles_that_may(permission)))


def why_not(admin: Any, permission: Permission) -> str | None:
    """Why an admin may not do something, as the beginning of a sentence; None if they may.

    `admin`: an object or a row with `username`, `role` and `disabled_at`.
    """
    if admin.disabled_at is not None:
        return f"{admin.username} is disabled"
    if not may(admin.role, permission):
        return f"{admin.username} {_LACKS.get(permission, _NO_PERMISSION)}"
    return None


def check(
    db: Session,
    actor: Actor,
    permission: Permission,
    *,
    assignee: Admin | None = None,
    others: Iterable[int | None] = (),
) -> None:
    """Refuse an act unless its actor may do it, and keep that true until the commit.

    The command line without a name and automatic assignment may do everything. Any other actor that is not an admin,
    such as a customer, may do nothing that needs a permission of the desk. `assignee`: the admin to whom the act
    assigns a conversation. `others`: the ids of admins whom the act checks later; they are locked along with these, in
    order.

    Raises NotAllowed ``forbidden`` for the actor, Invalid for an assignee who may not answer.
    """
    if actor.admin_id is None and actor.key not in TRUSTED:
        raise NotAllowed("forbidden", "Only the team can do this.")
    if permission is Permission.MANAGE and actor.admin_id is not None:
        managers(db)  # exclusively and in order, as before a change of a role
    asked = {actor.admin_id, assignee.id if assignee else None, *others} - {None}
    found = _held(db, asked)
    if actor.admin_id is not None:
        check_held(found[actor.admin_id], permission)
    if assignee is not None and (no := why_not(found[assignee.id], Permission.ANSWER)):
        raise Invalid("admin", f"{no} and can't take chats.")


def check_held(admin: Any, permission: Permission) -> None:
    """Refuse an act of an admin whose row is already locked. Raises NotAllowed ``forbidden``."""
    if no := why_not(admin, permission):
        raise NotAllowed("forbidden", f"{no}.", "role")


def check_speaker(db: Session, actor: Actor, *others: int | None) -> None:
    """Refuse an act of either side of a conversation unless its actor may do it.

    A customer may: the token has proven that the conversation is theirs. `others`: as for `check`.
    """
    if not actor.is_customer:
        check(db, actor, Permission.ANSWER, others=others)
    else:
        _held(db, {*others} - {None})  # in the same order as in every other act


def able(db: Session, admin_id: int) -> bool:
    """Whether an admin may answer. The answer stays true until the commit."""
    return why_not(_held(db, [admin_id])[admin_id], Permission.ANSWER) is None


def managers(db: Session, others: Iterable[int] = ()) -> list[int]:
    """Lock the admins who manage the team. Returns their ids.

    If two of them take that right from each other, the second one sees what the first has done. `others`: the ids of
    admins who are locked along with them.
    """
    manages = who_may(Permission.MANAGE)
    query = select(_ADMINS.c.id, manages.label("manages")).where(
        or_(manages, _ADMINS.c.id.in_([*others]))
    )
    db.flush()
    found = db.execute(query.order_by(_ADMINS.c.id).with_for_update(key_share=True))
    return [row.id for row in found if row.manages]


def _held(db: Session, admin_ids: Iterable[int | None]) -> dict[int, Any]:
    ids = list(admin_ids)
    if not ids:
        return {}
    db.flush()
    return {row.id: row for row in db.connection().execute(_HOLD, {"ids": ids})}
