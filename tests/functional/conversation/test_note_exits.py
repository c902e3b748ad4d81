"""Every way in which data reaches a customer, tested with a note whose text is nowhere else.

The tests compare bytes, not what a client would show: a note must leave no trace in an answer's body, length or
headers, in a stream, in a count, or in the handling of a request with its client_id.
"""

import json
import logging
import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from livechat.conversation.system_messages import PUBLIC

from ...databases import engine_for
from ...factories import Admin, Customer, add_admin, new_id
from ...streams import until
from ..accounts.test_role_matrix import MATRIX
from ..raw import ask
from ..urls import METHODS

SECRET = "Zaubersalz"  # occurs nowhere else in the product or the tests
JSON = {"Accept": "application/json", "Content-Type": "application/json"}
NOTE_ID = "the-note-s-client-id"


def notes(admin, number, body=f"the {SECRET} @ben", client_id=None):
    """Write a note."""
    data = {"body": body, "client_id": client_id or new_id()}
    return admin.posts(number, "note", data, status=201)


@pytest.fixture
def number(customer, admin):
    """A conversation in which both sides have written."""
    number = admin.number_of(customer)
    admin.sends(number, "good day")
    return number


@pytest.fixture
def get(wsgi, customer):
    """A function that sends a GET as the customer; returns status, body, and the significant headers."""

    def get(path, *, method="GET", query="", **headers):
        answer = ask(wsgi, method, path, headers=customer.who | headers, query=query)
        head = {name: value for name, value in answer.headers if name != "Set-Cookie"}
        return answer.status, answer.body, head

    return get


def paths(customer):
    """Every request for the customer's list: from the start, from each cursor, before, by HEAD and as a stream."""
    own = f"/chat/messages/{customer.id}/"
    stub = customer.id.replace("-", "")[:8]
    queries = ["", "after=", *(f"after=c{n}.{stub}" for n in range(4)), f"before=c2.{stub}"]
    queries += [f"after=a{n}.{stub}" for n in range(1, 6)]  # an admin's cursor, which counts notes
    for query in queries:
        for method in ("GET", "HEAD"):
            yield {"path": own, "query": query, "method": method, "Accept": "application/json"}
        yield {"path": own, "query": query, "Accept": "text/event-stream"}
    yield {"path": "/chat/"}
    yield {"path": "/health"}
    yield {"path": "/widget.js"}


def test_no_answer_changes_by_a_single_byte_when_notes_are_written(admin, customer, number, get):
    customer.sends("not yet seen by anybody at the desk")
    asked = list(paths(customer))

    def answers():
        return [get(**one) for one in asked]

    answers()  # the poll cache is filled now
    admin.dashboard()  # Anna is online for a while from now on, which customers are told
    until(lambda: customer.reads().json["session"]["team"]["presence"] == "online")
    before = answers()
    admin.posts(number, "draft", {"body": f"draft of {SECRET}", "note": True})
    notes(admin, number)
    notes(admin, number, body=f"{SECRET} again")
    for one, had, has in zip(asked, before, answers(), strict=True):
        assert has == had, one
        assert SECRET.encode() not in has[1]


def test_no_address_reveals_a_note_to_the_customer(boot, admin, customer, number, caplog):
    wsgi = boot(demo_shop=True)
    notes(admin, number, client_id=NOTE_ID)
    caplog.set_level(logging.INFO)
    addresses = {path.format(id=customer.id, login=1) for _, _, _, path, *_ in MATRIX}
    addresses |= {f"/chat/{verb}/{customer.id}/" for verb in ("note", "draft", "notes", "search")}
    queries = ("", f"q={SECRET}", f"product={SECRET[:3]}", "after=nonsense")
    bodies = [
        {"body": "hi", "client_id": NOTE_ID},
        {"message": "hi", "client_id": NOTE_ID},
        {"seq": 999, "typing": True, "page": {"url": "http://a/"}},
        {"body": 7},
    ]
    for path in sorted(addresses - {"/custom-admin/login/", "/custom-admin/welcome/"}):
        for method in METHODS:
            for query in queries if method in {"GET", "HEAD"} else ("",):
                for body in bodies if method == "POST" else [None]:
                    data = b"" if body is None else json.dumps(body).encode()
                    for more in (JSON, {"Accept": "text/html"}):
                        answer = ask(wsgi, method, path, data, customer.who | more, query=query)
                        told = repr([answer.status, answer.headers]).encode() + answer.body
                        if not (query and SECRET in query):  # some addresses echo the query
                            assert SECRET.encode() not in told, (method, path)
                        assert b'"note"' not in answer.body, (method, path)
                        assert answer.status < 500, (method, path)
    assert SECRET not in caplog.text


def test_a_stream_does_not_move_for_a_note(admin, customer, number, listens):
    stream = listens(customer)
    stream.hears("good day")
    for turn in range(3):
        before = stream.raw
        notes(admin, number)
        admin.posts(number, "draft", {"body": f"draft of {SECRET}", "note": True})
        admin.sends(number, f"answer {turn}")
        stream.hears(f"answer {turn}")
        new = stream.raw[len(before) :].replace(b":\n\n", b"")  # without heartbeats
        # The customer may first be told that somebody is at the desk, which also says that nothing was sent since.
        newest = re.findall(rb"id: (.*)\n", before)[-1]
        new = re.sub(rb"^(id: %b\nevent: session\ndata: .*\n\n)+" % re.escape(newest), b"", new)
        first = re.match(rb"id: .*\nevent: (\w+)\ndata: (.*)\n\n", new)
        assert first is not None
        assert (first[1], json.loads(first[2])["body"]) == (b"message", f"answer {turn}")
    assert SECRET.encode() not in stream.raw
    seqs = [message["seq"] for message in stream.all("message")]
    assert seqs == list(range(1, len(seqs) + 1))
    for earlier, later in pairwise(stream.all("session")):
        assert earlier != later  # no stream was woken by a change that customers do not see


def test_a_stream_that_begins_after_a_note_shows_no_sign_of_it(admin, customer, number, listens):
    notes(admin, number)
    notes(admin, number)
    for since in (None, *(f"c{n}.{customer.id.replace('-', '')[:8]}" for n in range(3))):
        stream = listens(customer, since=since)
        stream.next("session")
        customer.sends(word := new_id())
        stream.hears(word)
        assert SECRET.encode() not in stream.raw


@pytest.mark.parametrize("body", [f"the {SECRET} @ben", "else"], ids=["same text", "another text"])
def test_the_client_id_of_a_note_is_free_for_the_customer(admin, customer, number, body):
    notes(admin, number, client_id=NOTE_ID)
    sent = customer.sends(body, NOTE_ID, status=201).json["message"]
    assert (sent["from"], sent["body"]) == ("customer", body)
    again = customer.starts(body, client_id=NOTE_ID)
    assert again.json["messages"][-1] == sent
    assert [one["from"] for one in again.json["messages"]].count("note") == 0


def test_a_chat_started_with_the_client_id_of_a_note_is_a_separate_one(admin, new_customer, number):
    notes(admin, number, client_id=NOTE_ID)
    other = new_customer()
    begun = other.starts("hello", client_id=NOTE_ID, status=201)
    assert [one["body"] for one in begun.json["messages"]] == ["hello"]


def test_an_admin_cannot_pass_a_note_off_as_an_answer_by_its_client_id(admin, customer, number):
    notes(admin, number, body="yes", client_id=NOTE_ID)
    assert admin.sends(number, "yes", NOTE_ID, status=409).json["error"]["code"] == (
        "client_id_reused"
    )
    admin.sends(number, "no", "an-answer")
    data = {"body": "no", "client_id": "an-answer"}
    admin.posts(number, "note", data, status=409)
    assert customer.sees()[-1] == "no"


STEPS = ["says", "answers", "notes", "transfers", "puts back", "snoozes", "tags", "closes",
         "reopens", "looks", "blocks", "mentions"]  # fmt: skip


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=14))
def test_after_any_acts_the_customers_list_contains_only_public_entries(
    admin, new_admin, new_customer, steps
):
    if not hasattr(admin, "ben"):
        admin.ben = new_admin("ben")
    customer, secrets, meant = new_customer(), 0, ["hello"]
    customer.starts("hello")
    number = admin.number_of(customer)
    for step in steps:
        data = {"body": f"{SECRET} {secrets}", "client_id": new_id()}
        match step:
            case "says":
                meant += ["so"] if customer.sends("so", status="*").status_int == 201 else []
            case "answers":
                meant += ["yes"] if admin.sends(number, "yes", status="*").status_int == 201 else []
            case "notes" | "mentions":
                admin.posts(number, "note", data | {"body": f"@ben {SECRET}"}, status=201)
            case "transfers":
                given = {"admin": "ben", "note": SECRET}
                admin.posts(number, "transfer", given, status="*")
            case "puts back":
                admin.assigns(number, None, status="*")
            case "snoozes":
                until = {"until": "2026-12-24T12:00:00Z"}
                admin.posts(number, "snooze", until, status="*")
            case "tags":
                admin.posts(number, "tags", {"add": [SECRET.lower()]})
            case "closes":
                admin.closes(number, status="*")
            case "reopens":
                customer.reopens(status="*")
            case "looks":
                customer.has_seen(999)
            case "blocks":
                admin.posts(number, "block", {"blocked": secrets % 2 == 0})
                secrets += 1
    shown = customer.reads()
    assert SECRET.casefold() not in (shown.text + repr(shown.headers)).casefold()
    messages = shown.json["messages"]
    assert [one["seq"] for one in messages] == list(range(1, len(messages) + 1))
    assert [one["body"] for one in messages if one["from"] != "system"] == meant
    assert {one["from"] for one in messages} <= {"customer", "admin", "system"}
    assert {one["event"] for one in messages if one["from"] == "system"} <= PUBLIC
    unread = sum(one["from"] == "admin" for one in messages)
    assert shown.json["session"]["unread"] <= unread
    assert shown.json["session"]["seen_seq"] <= len(messages)
    assert len({one["id"] for one in messages}) == len(messages)


BREAKS = {  # the database fails whenever a note is stored
    "sqlite": [
        "CREATE TRIGGER breaks BEFORE INSERT ON chat_messages WHEN NEW.sender = 'note'"
        " BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'broken on purpose'; END $$",
        "CREATE TRIGGER breaks BEFORE INSERT ON chat_messages FOR EACH ROW"
        " WHEN (NEW.sender = 'note') EXECUTE FUNCTION breaks()",
    ],
}


def test_a_database_error_puts_no_text_into_the_log(boot, new_database, caplog):
    url = new_database()
    wsgi = boot(database_url=url)
    with engine_for(url) as engine:
        customer, admin = Customer(wsgi), Admin(wsgi, engine, add_admin(engine)).is_signed_in()
        customer.starts("hello")
        number = admin.number_of(customer)
        with engine.begin() as connection:
            for statement in BREAKS[engine.dialect.name]:
                connection.execute(text(statement))
        data = {"body": SECRET, "client_id": NOTE_ID}
        answer = admin.posts(number, "note", data, status=500)
    wsgi.registry["livechat.engine"].dispose()
    assert "broken on purpose" in caplog.text
    assert SECRET not in caplog.text + answer.text
