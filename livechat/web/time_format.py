"""Times and waits as pages tell them before a script puts them into the reader's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from babel.dates import format_datetime, format_time
from babel.units import format_unit
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

_ = TranslationStringFactory("livechat")

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


class Teller:
    """What templates use to write times. All take RFC 3339 as the JSON has it; times are in UTC and say so."""

    def __init__(self, request: Request, now: datetime) -> None:
        self._locale = request.locale_name or "en"
        self._translate = request.localizer.translate
        self._now = now

    def wait(self, since: str) -> str:
        """How long it has been: ``5 min``, ``3 hr``, ``2 days``."""
        passed = self._now - datetime.fromisoformat(since)
        for name, unit in _UNITS:
            if passed >= unit:
                return format_unit(passed // unit, f"duration-{name}", "short", locale=self._locale)
        return str(self._translate(_("<1 min")))

    def moment(self, text: str) -> str:
        """Day and time: ``31 Jan 2026, 12:00 UTC``."""
        moment = datetime.fromisoformat(text).astimezone(UTC)
        return format_datetime(moment, "d MMM y, HH:mm", locale=self._locale) + " UTC"

    def time(self, text: str) -> str:
        """Time of day: ``12:00 UTC``."""
        moment = datetime.fromisoformat(text).astimezone(UTC)
        return format_time(moment, "HH:mm", locale=self._locale) + " UTC"

    def day(self, text: str) -> str:
        """The day, above what was written on it: ``Saturday, 31 January 2026``."""
        moment = datetime.fromisoformat(text).astimezone(UTC)
        return format_datetime(moment, "EEEE, d MMMM y", locale=self._locale)
