"""The base of the models: the naming convention, UTC times, and this moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from sqlalchemy import DateTime, Dialect, MetaData, Table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Named constraints can be altered by a migration on every database.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base class of all models."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that need no objects."""
    return cast("Table", model.__table__)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time with milliseconds. SQLite stores no zone, so this type removes it and adds it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = in_milliseconds(value.astimezone(UTC))
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def in_milliseconds(moment: datetime) -> datetime:
    """A time cut to whole milliseconds, the resolution that clients see."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def now() -> datetime:
    """The current time in UTC, in milliseconds."""
    return in_milliseconds(datetime.now(UTC))


def rfc3339(moment: datetime | None) -> str | None:
    """A time as in ``2026-01-31T12:00:00.000Z``; None for None."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
