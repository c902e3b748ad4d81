"""Long conversations: pages in both directions, bounded by entries and bytes, and limits on the total size."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from livechat.conversation.history import FIRST, PAGE, PAGE_BYTES
from livechat.conversation.sizes import ENTRY, MOST, MOST_A_DAY, MOST_BY_CUSTOMER

from ...databases import rows
from ...factories import new_id
from ...streams import until
from ..raw import ask

EMOJI = "\N{GRINNING FACE}"
LONG = 450  # entries: two pages and a half


def fill(engine, session_id, count, body="entry"):
    """Insert entries directly, because the product's own acts are slow."""
    with engine.begin() as connection:
        first = connection.execute(
            text("SELECT seq, public_seq FROM chat_sessions WHERE id = :id"), {"id": session_id}
        ).one()
        insert = text(
            "INSERT INTO chat_messages (session_id, seq, public_seq, sender, author_key, body, client_id, created_at)"
            " SELECT :id, :seq, :public, 'customer', 'customer', :body, :client, created_at"
            " FROM chat_sessions WHERE id = :id"
        )
        connection.execute(
            insert,
            [
                {
                    "id": session_id,
                    "seq": first.seq + each,
                    "public": first.public_seq + each,
                    "body": body,
                    "client": f"filled {first.seq + each}",
                }
                for each in range(1, count + 1)
            ],
        )
        connection.execute(
            text("UPDATE chat_sessions SET seq = seq + :n, public_seq = public_seq + :n, last_message_seq = seq + :n"
                 " WHERE id = :id"),
            {"n": count, "id": session_id},
        )  # fmt: skip


@pytest.fixture
def long(customer, admin, engine):
    """A function that reads a page of a conversation of 450 entries and a few more, as its customer or an admin."""
    number = admin.number_of(customer)
    admin.takes(number)
    admin.posts(number, "note", {"body": "internal", "client_id": new_id()}, status=201)
    fill(engine, number, LONG)
    customer.app.app.registry["livechat.realtime"].poll_cache.forget_all()

    def read(side, **query):
        if side == "customer":
            path, headers, app = f"/chat/messages/{customer.id}/", customer.who, customer.app
        else:
            path, headers, app = f"/custom-admin/chat/{number}/messages/", admin.json, admin.app
        return app.get(path, query, headers=headers).json

    read.number, read.customer, read.admin = number, customer, admin
    return read


def seqs(page):
    return [message["seq"] for message in page["messages"]]


sides = pytest.mark.parametrize("side", ["customer", "admin"])


def total_of(side):
    """Return how many entries a side has: LONG, plus "hello" and a joining; the team also has a note."""
    return LONG + (2 if side == "customer" else 3)


@sides
def test_reading_forwards_continues_page_by_page_without_a_gap(long, side):
    found, cursor, sizes = [], None, []
    while True:
        page = long(side, **({"after": cursor} if cursor else {}))
        found += seqs(page)
        sizes.append(len(page["messages"]))
        cursor = page["cursor"]
        if not page.get("more"):
            break
    assert found == list(range(1, total_of(side) + 1))
    assert sizes[:-1] == [PAGE] * (len(sizes) - 1)
    assert long(side, after=cursor)["messages"] == []


@sides
def test_reading_backwards_continues_page_by_page_without_a_gap(long, side):
    page = long(side, before="")
    found, newest = seqs(page), page["after"]
    assert long(side, after=newest)["messages"] == []
    while page.get("more"):
        page = long(side, before=page["cursor"])
        found = seqs(page) + found
    assert found == list(range(1, total_of(side) + 1))
    assert long(side, before=page["cursor"])["messages"] == []


@sides
def test_a_cursor_separates_earlier_entries_from_later_ones(long, side):
    middle = long(side)["cursor"]
    assert seqs(long(side, before=middle))[-1] + 1 == seqs(long(side, after=middle))[0]


@sides
def test_a_cursor_of_another_list_leads_to_the_newest_page(long, side):
    other = long("admin" if side == "customer" else "customer")["cursor"]
    for query in ({"after": other}, {"before": other}):
        page = long(side, **query)
        assert page["reset"] is True
        assert seqs(page)[-1] == total_of(side)
        assert len(page["messages"]) == FIRST


@sides
def test_an_invalid_cursor_is_refused_by_its_name(long, side):
    customer, admin = long.customer, long.admin
    app, headers = (customer.app, customer.who) if side == "customer" else (admin.app, admin.json)
    path = (
        f"/chat/messages/{customer.id}/"
        if side == "customer"
        else f"/custom-admin/chat/{long.number}/messages/"
    )
    for query, field in (({"before": "x"}, "before"), ({"after": "x"}, "after")):
        answer = app.get(path, query, headers=headers, status=422)
        assert answer.json["error"]["field"] == field
    cursor = long(side)["cursor"]
    app.get(path, {"before": cursor, "after": cursor}, headers=headers, status=422)


def test_opening_returns_the_newest_page_and_where_it_continues(long):
    for data, in_it in (
        (long.customer.starts(status=200).json, total_of("customer")),
        (long.admin.opens(long.number).json, total_of("admin")),
    ):
        assert seqs(data) == list(range(in_it - FIRST + 1, in_it + 1))
        side = "customer" if data["session"].get("number") is None else "admin"
        assert seqs(long(side, before=data["before"]))[-1] == in_it - FIRST
        assert long(side, after=data["cursor"])["messages"] == []
    long.customer.closes()
    reopened = long.customer.reopens().json
    assert len(reopened["messages"]) == FIRST
    assert reopened["before"]


def test_a_short_conversation_has_nothing_before_it(customer, admin):
    assert "before" not in customer.starts(status=200).json
    assert "before" not in admin.opens(1).json
    assert "more" not in customer.reads().json


def test_an_admin_gets_the_page_around_an_entry(long):
    page = long("admin", at="200")
    assert seqs(page) == list(range(101, 301))
    assert page["more"] is True
    assert seqs(long("admin", before=page["cursor"]))[-1] == 100
    assert seqs(long("admin", after=page["after"]))[0] == 301
    assert seqs(long("admin", at="999999999"))[-1] == total_of("admin")
    for wrong in ("", "-1", "x", "1" * 30, "²"):
        path = f"/custom-admin/chat/{long.number}/messages/"
        answer = long.admin.app.get(path, {"at": wrong}, headers=long.admin.json, status=422)
        assert answer.json["error"]["field"] == "at"


def test_a_page_is_bounded_by_bytes_too(customer, admin, engine):
    number = admin.number_of(customer)
    fill(engine, number, 100, EMOJI * 4000)
    customer.app.app.registry["livechat.realtime"].poll_cache.forget_all()
    sizes, cursor, found = [], None, []
    while True:
        answer = customer.reads(cursor)
        sizes.append(len(answer.body))
        found += seqs(answer.json)
        cursor = answer.json["cursor"]
        if not answer.json.get("more"):
            break
    assert found == list(range(1, 102))
    assert (
        max(sizes) < PAGE_BYTES + 16_000 + 20_000
    )  # the text that exceeds the limit, and the JSON around texts
    assert len(admin.opens(number).body) < PAGE_BYTES + 40_000


def test_json_is_utf8(customer, admin):
    customer.sends(EMOJI * 1000)
    for answer in (customer.reads(), admin.reads(1), admin.opens(1), admin.dashboard()):
        assert (EMOJI * 1000).encode() in answer.body
        assert answer.content_type == "application/json"
    page = admin.page("1/")
    assert f'"body": "{EMOJI * 1000}"' in page.text


def test_half_a_character_in_an_answer_is_no_error():
    from livechat.utf8_json import encoded

    assert json.loads(encoded({"text": "a\ud800b"})) == {"text": "a?b"}


@sides
def test_a_stream_sends_a_long_backlog_in_parts(long, listens, side):
    stream = listens(long.customer) if side == "customer" else listens(long.admin, long.number)
    until(lambda: len(stream.all("message")) >= total_of(side))
    assert [one["seq"] for one in stream.all("message")] == list(range(1, total_of(side) + 1))
    assert max(stream.parts) <= PAGE
    long.admin.sends(long.number, "and what is new")
    stream.hears("and what is new")


# The total size of a conversation


def is_filled(engine, **sizes):
    """Pretend that this much has been written."""
    values = {"size": 0, "day": datetime.now(UTC).toordinal(), "day_size": 0} | sizes
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE chat_sessions SET size = :size, size_day = :day, day_size = :day_size"),
            values,
        )


def test_messages_are_counted_in_bytes(customer, admin, engine):
    customer.sends(EMOJI * 10)
    admin.sends(1, "answer")
    joined = len("Anna Antwort joined the chat.")
    (found,) = rows(engine, "SELECT size, day_size FROM chat_sessions")
    assert found == (5 + 40 + 6 + joined + 4 * ENTRY, 5 + 40 + 2 * ENTRY)
    customer.sends("same", "once")
    customer.sends("same", "once", status=200)
    (found,) = rows(engine, "SELECT size, day_size FROM chat_sessions")
    assert found == (5 + 40 + 6 + 4 + joined + 5 * ENTRY, 5 + 40 + 4 + 3 * ENTRY)


def test_a_customers_day_is_limited_and_the_next_day_starts_at_zero(customer, admin, engine):
    is_filled(engine, day_size=MOST_A_DAY - ENTRY - 10, size=1000)
    customer.sends("x" * 11, "kept", status=429)
    refused = customer.sends("x" * 11, "kept", status=429)
    assert refused.json["error"]["code"] == "too_much_today"
    assert 1 <= int(refused.headers["Retry-After"]) <= 24 * 3600
    customer.sends("x" * 10)
    customer.sends("y", status=429)
    admin.sends(1, "the team goes on")
    is_filled(engine, day_size=MOST_A_DAY, day=datetime.now(UTC).toordinal() - 1)
    customer.sends("a new day")
    (found,) = rows(engine, "SELECT day_size FROM chat_sessions")
    assert found == (9 + ENTRY,)


def test_a_message_stored_before_is_still_acknowledged_when_the_days_limit_is_reached(
    customer, engine
):
    customer.sends("one", "first")
    is_filled(engine, day_size=MOST_A_DAY)
    assert customer.sends("one", "first", status=200).json["message"]["body"] == "one"
    customer.sends("other", "first", status=409)


def test_a_full_conversation_accepts_no_more_but_the_team_has_room_left(customer, admin, engine):
    is_filled(engine, size=MOST_BY_CUSTOMER)
    refused = customer.sends("x", status=409)
    assert refused.json["error"]["code"] == "chat_full"
    admin.sends(1, "an answer")
    admin.posts(1, "note", {"body": "a note", "client_id": "n"}, status=201)
    is_filled(engine, size=MOST)
    assert admin.sends(1, "x", status=409).json["error"]["code"] == "chat_full"
    admin.posts(1, "note", {"body": "x", "client_id": "m"}, status=409)
    customer.closes()


def test_customer_acts_that_add_system_messages_count_too(customer, engine):
    is_filled(engine, day_size=MOST_A_DAY)
    customer.starts(product="42", status=429)
    customer.closes()
    assert customer.reopens(status=429).json["error"]["code"] == "too_much_today"


def test_concurrent_sends_do_not_exceed_the_limit_together(customer, wsgi, engine):
    from concurrent.futures import ThreadPoolExecutor

    is_filled(engine, day_size=MOST_A_DAY - 3 * (ENTRY + 10))
    headers = customer.who | {"Content-Type": "application/json"}

    def send(number):
        body = json.dumps({"body": "x" * 10, "client_id": f"c{number}"}).encode()
        return ask(wsgi, "POST", f"/chat/send/{customer.id}/", body, headers).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(send, range(12)))
    assert statuses == [201] * 3 + [429] * 9
