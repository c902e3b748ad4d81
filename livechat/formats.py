"""Numbers, days, times and durations in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_compact_decimal, format_decimal
from babel.units import format_unit
from translationstring import TranslationStringFactory

_ = TranslationStringFactory("livechat")
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


class Formats:
    """How one reader reads them. Moments are RFC 3339 texts as the JSON has them; times are in UTC and say so.

    `locale` is the name of a language, such as ``en`` or ``de``; `now` is what waits are measured against.
    """

    def __init__(self, locale: str, translate: Callable[[Any], Any], now: datetime) -> None:
        self._locale = Locale.parse(locale)  # once, and not for each number
        self._translate = translate
        self._now = now

    def wait(self, since: str) -> str:
        """How long it has been, in one unit: ``5 min``, ``3 hr``, ``2 days``."""
        passed = (self._now - datetime.fromisoformat(since)).total_seconds()
        for name, size in _UNITS[:-1]:
            if passed >= size:
                return self._unit(int(passed // size), name, "short")
        return str(self._translate(_("<1 min")))

    def duration(self, seconds: float | None, *, narrow: bool = False) -> str:
        """A duration in at most two units: ``42 sec``, ``3 min 20 sec``, ``14 min``, ``2 hr 5 min``; `narrow`:
        ``3m 20s``. A dash for None."""
        if seconds is None:
            return "–"
        left = round(seconds)
        # Seconds say nothing more where it took ten minutes, nor minutes where it took days.
        finest = 1 if left < 600 else 60 if left < 86400 else 3600
        length: Literal["short", "narrow"] = "narrow" if narrow else "short"
        parts = []
        for name, size in _UNITS:
            if left >= size >= finest:
                parts.append(self._unit(left // size, name, length))
                left %= size
        return " ".join(parts) or self._unit(0, "second", length)

    def number(self, value: float) -> str:
        """With the thousands grouped: ``12,345``."""
        return str(format_decimal(value, locale=self._locale))

    def compact(self, number: float) -> str:
        """A number that fits above a bar: ``950``, ``1.2K``, ``14K``."""
        if number < 1000:
            return str(round(number))
        digits = 1 if number < 10_000 else 0
        return str(format_compact_decimal(number, locale=self._locale, fraction_digits=digits))

    def mean(self, values: Sequence[int]) -> str:
        """With a decimal where it is small: “0 a day” would say that there was nothing."""
        found = sum(values) / len(values)
        return self.number(round(found) if found >= 10 else round(found, 1))

    def moment(self, text: str) -> str:
        """Day and time: ``31 Jan 2026, 12:00 UTC``."""
        return format_datetime(_utc(text), "d MMM y, HH:mm", locale=self._locale) + " UTC"

    def time(self, text: str) -> str:
        """Time of day: ``12:00 UTC``."""
        return format_time(_utc(text), "HH:mm", locale=self._locale) + " UTC"

    def day(self, text: str) -> str:
        """The day of a moment, above what was written on it: ``Saturday, 31 January 2026``."""
        return format_datetime(_utc(text), "EEEE, d MMMM y", locale=self._locale)

    def short_day(self, day: date | str) -> str:
        """A day in a table: ``Sat 31 Jan``."""
        one = date.fromisoformat(day) if isinstance(day, str) else day
        return str(format_date(one, "EEE d MMM", locale=self._locale))

    def day_of_month(self, day: date) -> str:
        """``31``."""
        return str(format_date(day, "d", locale=self._locale))

    def month(self, day: date) -> str:
        """``January``."""
        return str(format_date(day, "LLLL", locale=self._locale))

    def _unit(self, count: int, name: str, length: Literal["short", "long", "narrow"]) -> str:
        return format_unit(count, f"duration-{name}", length, locale=self._locale)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
