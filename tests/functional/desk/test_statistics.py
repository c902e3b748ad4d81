"""The statistics: figures against hand-made data, their charts and tables, and agreement with the report."""

import itertools
import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
from pyramid.scripting import prepare
from sqlalchemy import delete, update

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import ChatMessage, ChatSession, Guest, Sender, now
from livechat.statistics.daily import FinishedDays
from livechat.statistics.report import By, report
from livechat.views.desk.statistics import today_strip

from ...factories import add_admin

PATH = "/custom-admin/chat/statistics/"
_ids = itertools.count(1)


@pytest.fixture
def chat(engine):
    """A function that adds a chat of the past: how many days ago it began, after how many seconds which admin
    answered (None: nobody), and how many messages it has."""

    def chat(back, seconds=None, by=None, customers=1, admins=0, status="closed"):
        began = now() - timedelta(days=back)
        answered = None if seconds is None else began + timedelta(seconds=seconds)
        with transaction(engine) as db:
            guest = Guest(created_at=began)
            db.add(guest)
            db.flush()
            session = ChatSession(
                uuid=uuid.uuid4(),
                guest_id=guest.id,
                status=status,
                customer_name="Ann Customer",
                assignee_id=by.id if by else None,
                created_at=began,
                last_activity_at=began,
                waiting_since=None if answered or status == "closed" else began,
                first_answer_at=answered,
                closed_at=began if status == "closed" else None,
            )
            db.add(session)
            db.flush()
            kinds = [
                *[Sender.CUSTOMER] * customers,
                Sender.SYSTEM,
                Sender.NOTE,
                *[Sender.ADMIN] * admins,
            ]
            for seq, sender in enumerate(kinds, 1):
                author = by.id if by and sender in {Sender.ADMIN, Sender.NOTE} else None
                db.add(
                    ChatMessage(
                        session_id=session.id,
                        seq=seq,
                        public_seq=None if sender == Sender.NOTE else seq,
                        sender=sender,
                        author_key=f"x{next(_ids)}",
                        admin_id=author,
                        body="hello",
                        event="taken" if sender == Sender.SYSTEM else None,
                        created_at=began,
                    )
                )
            return session.id

    return chat


def asked(admin, **more):
    return admin.app.get(PATH, headers=admin.json, **more).json


@pytest.fixture
def month(admin, engine, chat):
    """Three chats today, one yesterday, one 29 days ago, and one the day before that. Ben answers more slowly."""
    anna, ben = admin.row, add_admin(engine, "ben", "Ben <b>Okafor</b>")
    chat(0, 10, anna, customers=2, admins=3)
    chat(0, 30, ben, customers=1, admins=1, status="active")
    chat(0, customers=4, status="waiting")
    chat(1, 60, ben, customers=1, admins=2)
    chat(29, 100, anna, customers=1, admins=1)
    chat(30, 1000, anna, customers=9, admins=9)
    return anna, ben


def test_the_figures_are_right(admin, month):
    found = asked(admin)
    assert found["today"] == {
        "chats": 3,
        "customer_messages": 7,
        "admin_messages": 4,
        "answered": 2,
        "first_answer": 20.0,
        "first_answer_90": 28.0,
    }
    assert found["total"] == {
        "chats": 5,
        "customer_messages": 9,
        "admin_messages": 7,
        "answered": 4,
        "first_answer": 45.0,
        "first_answer_90": 88.0,
    }
    days = found["days"]
    assert len(days) == 30
    assert days[-1] == {"day": now().date().isoformat(), **found["today"]}
    assert [day["chats"] for day in days] == [1, *[0] * 27, 1, 3]
    assert days[1]["first_answer"] is None
    assert found["unanswered"] == 1
    assert found["longest"]["number"] == 3
    assert found["admins"] == [
        {
            "username": "anna",
            "name": "Anna Antwort",
            "open_chats": 0,
            "messages": 4,
            "first_answer": 55.0,
        },
        {
            "username": "ben",
            "name": "Ben <b>Okafor</b>",
            "open_chats": 1,
            "messages": 3,
            "first_answer": 45.0,
        },
    ]


def test_the_report_agrees(admin, engine, month):
    found = asked(admin)
    until = now().date()
    with transaction(engine, write=False) as db:
        by_day = report(db, until - timedelta(days=29), until, By.DAY)
        by_admin = report(db, until - timedelta(days=29), until, By.ADMIN)
    for line, day in zip(
        [*by_day.lines, by_day.total], [*found["days"], found["total"]], strict=True
    ):
        for name in ("chats", "customer_messages", "admin_messages"):
            assert getattr(line, name) == day[name]
        assert line.first_answer == day["first_answer"]
        assert line.first_answer_90 == day["first_answer_90"]
    for admin_figures in found["admins"]:
        line = next(one for one in by_admin.lines if one.key == admin_figures["username"])
        assert line.admin_messages == admin_figures["messages"]
        assert line.first_answer == admin_figures["first_answer"]


def test_each_chart_has_a_table_with_the_same_figures(admin, month):
    page, found = admin.page("statistics/").html, asked(admin)
    drawings = page.main.find_all("svg", class_="chart")
    tables = page.main.find_all("table")
    assert len(drawings) == 3
    assert len(tables) == 4
    for drawing in drawings:
        assert drawing["role"] == "img"
        for name in drawing["aria-labelledby"].split():
            assert page.find(id=name).get_text(strip=True)
    for table in tables:
        assert table.caption.get_text(strip=True)
        assert {cell["scope"] for cell in table.find_all("th")} <= {"col", "row"}
    chats, messages, answers, team = (
        [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in rows]
        for rows in (table.tbody.find_all("tr") for table in tables)
    )
    newest_first = found["days"][::-1]
    assert chats == [[str(day["chats"])] for day in newest_first]
    assert messages == [
        [str(day["customer_messages"]), str(day["admin_messages"])] for day in newest_first
    ]
    assert answers[0] == ["2", "20 sec", "28 sec"]
    assert answers[2] == ["0", "–", "–"]
    assert team[1] == ["1", "3", "45 sec"]
    # The bars have their numbers, and each pattern and line its name.
    assert [text.string for text in drawings[0].find_all("text", class_="value")] == ["1", "1", "3"]
    assert [text.string for text in drawings[1].find_all("text", class_="value")] == [
        "2",
        "3",
        "11",
    ]
    assert [text.string for text in drawings[2].find_all("text", class_="name")] == [
        "P90: 28s",
        "Median: 20s",
    ]
    assert not page.find_all(style=True)
    assert page.find(id="chats-today").string == "3"
    assert page.find(id="messages-today").string == "11"
    assert page.find(id="answer-today").string == "20 sec"
    assert page.find(id="unanswered").string == "1"
    assert "Ben <b>Okafor</b>" in page.main.get_text()


def test_a_late_answer_counts_for_the_day_on_which_the_chat_began(admin, month, chat, engine):
    late = chat(3, customers=1, status="waiting")
    assert asked(admin)["days"][-4]["answered"] == 0
    with transaction(engine) as db:
        answered = update(ChatSession).where(ChatSession.id == late)
        db.execute(answered.values(first_answer_at=now(), waiting_since=None))
    found = asked(admin)
    assert found["days"][-4]["answered"] == 1
    assert found["days"][-4]["first_answer"] == pytest.approx(3 * 86400, abs=60)
    assert found["total"]["answered"] == 5


def test_past_days_are_counted_once(admin, month, engine):
    before = asked(admin)
    with transaction(engine) as db:
        db.execute(delete(ChatMessage))
    after = asked(admin)
    assert after["today"]["customer_messages"] == 0
    assert after["total"]["customer_messages"] == before["total"]["customer_messages"] - 7


def test_a_day_that_has_just_ended_is_counted_again_until_it_is_complete(chat, engine):
    late, finished = chat(1, 10, customers=1), FinishedDays()
    midnight = datetime.combine(now().date(), time(), UTC)
    found = []
    for minutes in (1, 2, 6, 7):
        with transaction(engine) as db:
            moved = update(ChatMessage).where(ChatMessage.session_id == late)
            db.execute(moved.values(created_at=midnight - timedelta(minutes=minutes)))
            moment = midnight + timedelta(minutes=minutes)
            figures = finished.statistics(db, moment)
            found.append(figures.total.customer_messages)
            db.execute(
                update(ChatMessage).values(sender=Sender.CUSTOMER, public_seq=ChatMessage.seq)
            )
    assert figures.days[-1][0] == now().date()
    assert found == [1, 3, 3, 3]


def test_the_strip_on_the_dashboard_shows_today(wsgi, month):
    with prepare(registry=wsgi.registry) as environment:
        request = environment["request"]
        request.root = environment["root"]
        assert today_strip(request) == {
            "chats": "3",
            "messages": "11",
            "first_answer": "20 sec",
            "url": "http://localhost/custom-admin/chat/statistics/",
        }


def test_without_data_the_page_says_so(admin):
    found = asked(admin)
    assert found["total"]["chats"] == 0
    assert found["total"]["first_answer_90"] is None
    assert found["longest"] is None
    page = admin.page("statistics/").html
    assert "No statistics yet" in page.main.get_text()
    assert not page.find_all("svg", class_="chart")


def test_chats_without_an_answer_have_no_third_chart(admin, chat):
    chat(0, status="waiting")
    page = admin.page("statistics/").html
    assert len(page.find_all("svg", class_="chart")) == 2
    assert "No replies yet" in page.main.get_text()


def test_all_three_roles_see_it_and_nobody_else(admin, new_admin, engine, app, customer):
    for role in ("owner", "agent", "viewer"):
        someone = new_admin(f"some-{role}")
        with transaction(engine) as db:
            admins.set_role(db, admins.find_admin(db, someone.username), role)
        assert asked(someone)["total"]["chats"] == 1
        assert "Statistics" in someone.page("statistics/")
    admin.signs_out()
    admin.app.get(PATH, headers=admin.json, status=403)
    assert app.get(PATH, headers={"Accept": "text/html"}, status=303).location.endswith(
        "next=%2Fcustom-admin%2Fchat%2Fstatistics%2F"
    )
    customer.app.get(PATH, headers=customer.who | admin.json, status=403)


def test_it_accepts_no_path_and_no_post(admin):
    admin.app.get(f"{PATH}more/", headers=admin.json, status=404)
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    admin.app.post_json(PATH, {}, headers=headers, status=405)
