"""The statistics as a page and as JSON, and the strip of today's figures for the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from ...desk import inbox
from ...formats import Formats
from ...models import now
from ...resources import Desk
from ...statistics import charts, daily
from ...statistics.daily import Figures, Statistics
from ...web.accept import wants_json
from .common import page_or_json, row_shaper
from .layout import desk_page, formats_of

PAGE = "livechat:templates/desk/statistics.jinja2"

_ = TranslationStringFactory("livechat")


@page_or_json(Desk, PAGE, name="statistics")
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
    texts. Counting takes at most a twentieth of the time."""
    figures, _fresh = request.realtime.figures.get(
        "today", lambda: daily.count(request.db, now().date())
    )
    formats, answer = formats_of(request), figures.first_answer()
    return {
        "chats": formats.number(figures.chats),
        "messages": formats.number(figures.messages),
        "first_answer": None if answer is None else formats.duration(answer),
        "url": request.resource_url(request.root["custom-admin"]["chat"], "statistics", ""),
    }


def _page(request: Request, data: dict[str, Any], found: Statistics) -> dict[str, Any]:
    formats = formats_of(request)
    days = [day for day, _figures in found.days]
    each = [figures for _day, figures in found.days]
    return {
        **desk_page(request),
        **data,
        "empty": not (found.total.chats or found.total.messages),
        "charts": _charts(request, formats, days, each),
        "summaries": _summaries(request, formats, days, each, found.total),
    }


def _charts(
    request: Request, formats: Formats, days: Sequence[date], each: Sequence[Figures]
) -> dict[str, charts.Chart]:
    tell = request.localizer.translate

    def chats(place: int) -> str:
        return f"{formats.short_day(days[place])}: {formats.number(each[place].chats)}"

    def messages(place: int) -> str:
        one = each[place]
        text = _("${day}: ${customers} from customers, ${admins} from the team")
        numbers = {"customers": one.customer_messages, "admins": one.admin_messages}
        told = {name: formats.number(number) for name, number in numbers.items()}
        return str(tell(text % {"day": formats.short_day(days[place]), **told}))

    def answers(place: int) -> str:
        one = each[place]
        text = _("${day}: median ${median}, 90th percentile ${ninety}")
        told = {
            "median": formats.duration(one.first_answer()),
            "ninety": formats.duration(one.first_answer(0.9)),
        }
        return str(tell(text % {"day": formats.short_day(days[place]), **told}))

    return {
        "chats": charts.bars(days, [[one.chats for one in each]], chats, formats),
        "messages": charts.bars(
            days,
            [[one.customer_messages for one in each], [one.admin_messages for one in each]],
            messages,
            formats,
        ),
        "answers": charts.lines(
            days,
            [
                (tell(_("P90")), [one.first_answer(0.9) for one in each]),
                (tell(_("Median")), [one.first_answer() for one in each]),
            ],
            answers,
            formats,
        ),
    }


def _summaries(
    request: Request,
    formats: Formats,
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
            "day": formats.short_day(days[place]),
            "number": formats.number(numbers[place]),
            "total": formats.number(sum(numbers)),
            "mean": formats.mean(numbers),
        }
        return str(tell(most % told))

    told = {
        "answered": formats.number(len(total.all_waits)),
        "median": formats.duration(total.first_answer()),
        "ninety": formats.duration(total.first_answer(0.9)),
    }
    text = _("Chats replied to: ${answered}. Median ${median}, 90th percentile ${ninety}.")
    return {
        "chats": counted([one.chats for one in each]),
        "messages": counted([one.messages for one in each]),
        "answers": str(tell(text % told)),
    }
