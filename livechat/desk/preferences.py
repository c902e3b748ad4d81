"""How the desk looks and behaves for one admin, and the views of the list they have saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from .. import validation
from ..db.dialects import Reader
from ..exceptions import Conflict, Invalid
from ..models import Admin, SavedView, Status, now, table_of
from .filters import PRIORITIES, VIEWS

CHOICES = {"theme": ("system", "dark", "light"), "density": ("comfortable", "compact")}
SWITCHES = ("shortcuts", "sound")
USUAL: dict[str, Any] = {
    "theme": "system",
    "density": "comfortable",
    "shortcuts": True,
    "sound": True,
}
MOST_VIEWS = 50
FILTERS = ("status", "assignee", "q", "tag", "priority", "view")


_VIEWS = table_of(SavedView)
_VIEW = select(_VIEWS).where(
    _VIEWS.c.id == bindparam("id"), _VIEWS.c.admin_id == bindparam("admin")
)


def preferences_of(db: Reader, admin_id: int) -> dict[str, Any]:
    """``{theme, density, shortcuts, sound}``, with what is usual where nothing was chosen."""
    kept = db.execute(select(Admin.preferences).where(Admin.id == admin_id)).scalar() or {}
    return USUAL | {name: kept[name] for name in USUAL if name in kept}


def prefer(db: Session, admin_id: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Change some; returns all. Raises Invalid."""
    chosen: dict[str, Any] = {
        name: validation.choice(wanted[name], name, choices)
        for name, choices in CHOICES.items()
        if name in wanted
    }
    chosen |= {name: validation.flag(wanted[name], name) for name in SWITCHES if name in wanted}
    admin = db.get_one(Admin, admin_id)
    admin.preferences = (admin.preferences or {}) | chosen
    db.flush()
    return USUAL | admin.preferences


def views_of(db: Reader, admin_id: int) -> Sequence[Any]:
    """The views an admin has saved, in order of their names, as rows."""
    query = select(SavedView.id, SavedView.name, SavedView.query)
    return db.execute(query.where(SavedView.admin_id == admin_id).order_by(SavedView.name)).all()


def save_view(db: Session, admin_id: int, name: str, query: Mapping[str, str]) -> SavedView:
    """Keep filters under a name; an earlier view of that name is changed. Raises Invalid, Conflict."""
    kept = {key: query[key] for key in FILTERS if query.get(key)}
    if not kept:
        raise Invalid("query", "Choose a filter first.")
    _check(kept)
    db.get_one(Admin, admin_id, with_for_update=True)  # of two at once one is the first
    mine = select(SavedView).where(SavedView.admin_id == admin_id)
    view = db.scalars(mine.where(SavedView.name == name)).first()
    if view is None:
        count = select(func.count()).where(SavedView.admin_id == admin_id)
        if (db.scalar(count) or 0) >= MOST_VIEWS:
            raise Conflict(
                "too_many_views", f"You can save at most {MOST_VIEWS} views. Remove one first."
            )
        view = SavedView(admin_id=admin_id, name=name, created_at=now())
        db.add(view)
    view.query = kept
    db.flush()
    return view


def remove_view(db: Session, number: int) -> None:
    """Forget a saved view."""
    gone = delete(SavedView).where(SavedView.id == number)
    db.execute(gone.execution_options(synchronize_session=False))


def _check(query: Mapping[str, str]) -> None:
    allowed = {"status": tuple(Status), "view": VIEWS, "priority": tuple(PRIORITIES)}
    for name, choices in allowed.items():
        if name in query and query[name] not in choices:
            raise Invalid("query", f"{query[name]} is not a valid {name}.")


def view_by_id(db: Reader, number: int, admin_id: int) -> Any | None:
    """An admin's own saved view, as a row."""
    return db.execute(_VIEW, {"id": number, "admin": admin_id}).first()
