"""The statistics as a page and as JSON, and the strip of today's figures for the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from ...desk import inbox
from ...models import now
from ...resources import Desk
from ...statistics import charts, daily
from ...statistics.daily import Figures, Statistics
from ...web.accept import wants_json
from .common import desk_view, news_shape, row_shaper
from .layout import desk_page

PAGE = "livechat:templates/desk/statistics.jinja2"

_ = TranslationStringFactory("livechat")


@desk_view(name="statistics", renderer=PAGE)
@desk_view(name="statistics", accept="text/html", renderer=PAGE)
@desk_view(name="statistics", accept="application/json", renderer="json")
def statistics_view(context: Desk, request: Request) -> dict[str, Any]:
    """Today, the last thirty days by day and by admin, and who waits now."""
    found = request.registry["livechat.finished_days"].statistics(request.db, now())
    data = {
        "today": figures_shape(found.today),
        "days": [{"day": day.isoformat(), **figures_shape(one)} for day, one in found.days],
        "total": figures_shape(found.total),
        "unanswered": daily.unanswered(request.db),
        "longest": _longest(request),
        "admins": [vars(one) for one in daily.by_admin(request.db, found.total)],
    }
    return data if wants_json(request) else _page(request, data, found)


def _longest(request: Request) -> dict[str, Any] | None:
    session = inbox.longest_wait(request.db)
    if session is None:
        return None
    row = inbox.row_of(request.db, session, reader_id=request.identity.admin.id)
    return row_shaper(request)(row)


def figures_shape(figures: Figures) -> dict[str, Any]:
    """The JSON of a time: counts, and seconds to the first answer (null without any)."""
    return {
        "chats": figures.chats,
        "customer_messages": figures.customer_messages,
        "admin_messages": figures.admin_messages,
        "answered": len(figures.all_waits),
        "first_answer": figures.first_answer(),
        "first_answer_90": figures.first_answer(0.9),
    }


def today_strip(request: Request) -> dict[str, Any]:
    """What templates/desk/today.jinja2 shows above the inbox: today's chats, messages and median first answer, as
    texts. Counted anew at most for a twentieth of the time."""
    figures, _fresh = request.realtime.figures.get(
        "today", lambda: daily.count(request.db, now().date())
    )
    teller, answer = _Teller(request), figures.first_answer()
    return {
        "chats": teller.number(figures.chats),
        "messages": teller.number(figures.messages),
        "first_answer": None if answer is None else teller.duration(answer),
        "url": request.resource_url(request.root["custom-admin"]["chat"], "statistics", ""),
    }


class _Teller:
    """Numbers, days and durations in the reader's language."""

    def __init__(self, request: Request) -> None:
        # Read once, and not for each number.
        self.locale = Locale.parse(request.locale_name or "en")

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def mean(self, values: Sequence[int]) -> str:
        """With a decimal where it is small: “0 a day” would say that there was nothing."""
        found = sum(values) / len(values)
        return self.number(round(found) if found >= 10 else round(found, 1))

    def duration(self, seconds: float | None) -> str:
        return charts.duration(seconds, self.locale)

    def day(self, day: date | str) -> str:
        one = date.fromisoformat(day) if isinstance(day, str) else day
        return str(format_date(one, "EEE d MMM", locale=self.locale))


def _page(request: Request, data: dict[str, Any], found: Statistics) -> dict[str, Any]:
    teller = _Teller(request)
    days = [day for day, _figures in found.days]
    each = [figures for _day, figures in found.days]
    return {
        **desk_page(request),
        **data,
        "tell": teller,
        "empty": not (found.total.chats or found.total.messages),
        "charts": _charts(request, teller, days, each),
        "summaries": _summaries(request, teller, days, each, found.total),
        "news": news_shape(inbox.news(request.db, request.identity.admin.id)),
    }


def _charts(
    request: Request, teller: _Teller, days: Sequence[date], each: Sequence[Figures]
) -> dict[str, charts.Chart]:
    tell = request.localizer.translate

    def chats(place: int) -> str:
        return f"{teller.day(days[place])}: {teller.number(each[place].chats)}"

    def messages(place: int) -> str:
        one = each[place]
        text = _("${day}: ${customers} from customers, ${admins} from the team")
        numbers = {"customers": one.customer_messages, "admins": one.admin_messages}
        told = {name: teller.number(number) for name, number in numbers.items()}
        return str(tell(text % {"day": teller.day(days[place]), **told}))

    def answers(place: int) -> str:
        one = each[place]
        text = _("${day}: median ${median}, 90th percentile ${ninety}")
        told = {
            "median": teller.duration(one.first_answer()),
            "ninety": teller.duration(one.first_answer(0.9)),
        }
        return str(tell(text % {"day": teller.day(days[place]), **told}))

    locale = teller.locale
    return {
        "chats": charts.bars(days, [[one.chats for one in each]], chats, locale),
        "messages": charts.bars(
            days,
            [[one.customer_messages for one in each], [one.admin_messages for one in each]],
            messages,
            locale,
        ),
        "answers": charts.lines(
            days,
            [
                (tell(_("P90")), [one.first_answer(0.9) for one in each]),
                (tell(_("Median")), [one.first_answer() for one in each]),
            ],
            answers,
            locale,
        ),
    }


def _summaries(
    request: Request,
    teller: _Teller,
    days: Sequence[date],
    each: Sequence[Figures],
    total: Figures,
) -> dict[str, str]:
    """What each chart shows, in a sentence."""
    tell = request.localizer.translate
    most = _("Busiest day: ${day} (${number}). ${total} in 30 days, ${mean} a day on average.")

    def counted(numbers: Sequence[int]) -> str:
        place = max(range(len(numbers)), key=lambda index: numbers[index])
        told = {
            "day": teller.day(days[place]),
            "number": teller.number(numbers[place]),
            "total": teller.number(sum(numbers)),
            "mean": teller.mean(numbers),
        }
        return str(tell(most % told))

    told = {
        "answered": teller.number(len(total.all_waits)),
        "median": teller.duration(total.first_answer()),
        "ninety": teller.duration(total.first_answer(0.9)),
    }
    text = _("Chats replied to: ${answered}. Median ${median}, 90th percentile ${ninety}.")
    return {
        "chats": counted([one.chats for one in each]),
        "messages": counted([one.messages for one in each]),
        "answers": str(tell(text % told)),
    }
