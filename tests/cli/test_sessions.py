"""`livechat sessions`, on both databases."""

from __future__ import annotations

from sqlalchemy import Engine

from livechat.accounts import guests
from livechat.accounts.guests import guest_id_by_token
from livechat.actors import CUSTOMER
from livechat.conversation import lifecycle
from livechat.conversation.opening import Opening, Product
from livechat.db.session import transaction
from livechat.models import ChatMessage, ChatSession
from tests.databases import rows
from tests.factories import add_admin

from .conftest import Begin, Shell

LAMP = Product("42", "Brass lamp", "https://shop.example/lamp", "129.00")


def test_the_list_is_plain_when_piped(shell: Shell, begin: Begin) -> None:
    first = begin("Is it in stock?", name="Ann", email="ann@example.com", product=LAMP)
    second = begin("two\nlines\tand a tab")
    listed = shell("sessions", "list")
    assert listed.code == 0
    assert listed.err == ""
    assert [row[0] for row in listed.rows] == [str(second), str(first)]
    number, status, admin, waiting, activity, *rest = listed.rows[1]
    assert (number, status, admin) == (str(first), "waiting", "")
    assert waiting.endswith("Z")
    assert activity.endswith("Z")
    assert rest == ["Ann", "ann@example.com", "42", "Brass lamp", "Is it in stock?"]
    assert listed.rows[0][-1] == "two\\nlines\\tand a tab"


def test_the_list_can_be_filtered_and_is_json_for_programs(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    add_admin(engine, "anna", "Anna Berg")
    ann, _bob, cid = (begin("hello", name=name, product=LAMP) for name in ("Ann", "Bob", "Cid"))
    shell("sessions", "assign", ann, "anna")
    shell("sessions", "close", cid)

    listed = shell("sessions", "list", "--assignee", "Anna", "--status", "active", "--json")
    assert [shape["number"] for shape in listed.objects] == [ann]
    assert listed.objects[0]["assignee"] == "anna"
    assert listed.objects[0]["last_message"]["body"] == "hello"
    assert listed.objects[0]["customer"] == {"name": "Ann", "email": None}
    closed = shell("sessions", "list", "--status", "closed")
    assert [row[0] for row in closed.rows] == [str(cid)]
    found = shell("sessions", "list", "--search", "lamp bob", "--assignee", "none")
    assert [row[5] for row in found.rows] == ["Bob"]
    nobody = shell("sessions", "list", "--search", "zoe")
    assert (nobody.code, nobody.out, nobody.err) == (0, "", "No results.\n")
    cut = shell("sessions", "list", "--limit", "2")
    assert len(cut.rows) == 2
    assert "Only the first 2" in cut.err
    assert len(shell("sessions", "list", "--limit", "3").rows) == 3
    assert shell("sessions", "list", "--assignee", "zoe").code == 1
    assert shell("sessions", "list", "--status", "lost").code == 2


def test_show_prints_everything(shell: Shell, begin: Begin) -> None:
    number = begin(
        "hello\nthere", name="Ann", product=LAMP, page_url="https://shop.example/x", page_title="X"
    )
    shown = shell("sessions", "show", number)
    head, _gap, body = shown.out.partition("\n\n")
    fields = dict(line.split("\t") for line in head.splitlines())
    assert fields["customer"] == "Ann"
    assert fields["product_name"] == "Brass lamp"
    assert fields["version"] == "1"
    seq, _when, sender, author, text = body.rstrip("\n").split("\t")
    assert (seq, sender, author, text) == ("1", "customer", "Ann", "hello\\nthere")
    (shape,) = shell("sessions", "show", number, "--json").objects
    assert shape["session"]["number"] == number
    assert [message["body"] for message in shape["messages"]] == ["hello\nthere"]


def test_an_invalid_number_is_wrong_usage_and_an_unknown_one_is_refused(shell: Shell) -> None:
    for command in ("show", "close", "reopen", "revoke", "watch"):
        assert shell("sessions", command, "abc").code == 2
    for number in ("99", "99999999999999999999"):
        unknown = shell("sessions", "show", number)
        assert (unknown.code, unknown.err) == (1, f"There is no chat #{number}.\n")
    assert shell("sessions", "close").code == 2


def test_assign_assigns_and_unassigns(shell: Shell, begin: Begin, engine: Engine) -> None:
    add_admin(engine, "anna", "Anna Berg")
    add_admin(engine, "ben")
    number = begin("hello")
    given = shell("sessions", "assign", number, "ANNA", "--json")
    assert given.code == 0
    assert "Anna Berg (anna)" in given.err
    assert given.objects[0]["assignee"] == "anna"
    assert given.objects[0]["status"] == "active"
    assert "already" in shell("sessions", "assign", number, "anna").err
    assert shell("sessions", "assign", number, "ben").code == 0
    back = shell("sessions", "assign", number, "--none", "--json")
    assert back.objects[0]["assignee"] is None
    assert back.objects[0]["status"] == "waiting"
    assert [row[4] for row in shell("sessions", "show", number).rows if row[2:3] == ["system"]] == [
        "Anna Berg joined the chat.",
        "ben took over the chat.",
        "The chat was unassigned.",
    ]


def test_assign_refuses_invalid_requests(shell: Shell, begin: Begin, engine: Engine) -> None:
    add_admin(engine, "anna", "Anna Berg")
    add_admin(engine, "ben")
    number = begin("hello")
    assert shell("sessions", "assign", number).code == 2
    assert shell("sessions", "assign", number, "anna", "--none").code == 2
    assert "no admin 'zoe'" in shell("sessions", "assign", number, "zoe").err
    shell("sessions", "assign", number, "anna")
    late = shell("sessions", "assign", number, "ben", "--if-version", "1")
    assert (late.code, late.err) == (1, "Anna Berg (anna) already has this chat.\n")
    shell("admins", "disable", "ben")
    assert "disabled" in shell("sessions", "assign", number, "ben").err
    shell("sessions", "close", number)
    closed = shell("sessions", "assign", number, "--none")
    assert closed.code == 1
    assert "closed" in closed.err


def test_close_closes_what_it_can_and_reports_each(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    first, second, third = begin("a"), begin("b"), begin("c")
    with transaction(engine) as db:
        lifecycle.close(db, db.get_one(ChatSession, second), CUSTOMER)
    done = shell("sessions", "close", first, second, 99, third)
    assert done.code == 1
    assert done.out == ""
    assert done.err.splitlines() == [
        f"Chat #{first} is closed.",
        f"Chat #{second}: The customer already closed this chat.",
        "There is no chat #99.",
        f"Chat #{third} is closed.",
    ]
    again = shell("sessions", "close", first)
    assert (again.code, again.err) == (0, f"Chat #{first} is already closed.\n")
    assert "reopened" in shell("sessions", "reopen", first).err
    assert "already open" in shell("sessions", "reopen", first).err
    assert shell("sessions", "show", first, "--json").objects[0]["session"]["status"] == "waiting"


def test_reply_is_written_by_an_admin(shell: Shell, begin: Begin, engine: Engine) -> None:
    anna = add_admin(engine, "anna", "Anna Berg")
    number = begin("hello")
    # The only admin.
    sent = shell("sessions", "reply", number, "We have  three left.\n", "--json")
    assert sent.code == 0
    assert sent.objects[0]["author"] == "Anna Berg"
    assert sent.objects[0]["body"] == "We have  three left."
    add_admin(engine, "ben")
    other = begin("hi")
    unclear = shell("sessions", "reply", other, "hello")
    assert unclear.code == 1
    assert "--as ADMIN (anna, ben)" in unclear.err
    # The chat's assignee.
    assert shell("sessions", "reply", number, "-", input="from\nstdin\n").code == 0
    assert shell("sessions", "reply", other, "hello", "--as", "ben").code == 0
    assert rows(engine, "SELECT body, admin_id FROM chat_messages WHERE sender = 'admin'") == [
        ("We have  three left.", anna.id),
        ("from\nstdin", anna.id),
        ("hello", anna.id + 1),
    ]
    (shape,) = shell("sessions", "show", other, "--json").objects
    assert shape["session"]["assignee"] == "ben"
    assert shape["session"]["waiting_since"] is None


def test_reply_refuses_invalid_messages(shell: Shell, begin: Begin, engine: Engine) -> None:
    add_admin(engine, "anna")
    add_admin(engine, "ben")
    number = begin("hello")

    def refused(*words: str, **more: bytes) -> str:
        ran = shell("sessions", "reply", number, *words, **more)  # type: ignore[arg-type]
        assert (ran.code, ran.out) == (1, "")
        return ran.err

    assert "Enter a message" in refused("  \n ", "--as", "anna")
    assert "4,000" in refused("x" * 4001, "--as", "anna")
    assert "no admin 'zoe'" in refused("hello", "--as", "zoe")
    assert "UTF-8" in refused("-", "--as", "anna", input=b"\xff\xfe")
    shell("admins", "disable", "ben")
    assert "disabled" in refused("hello", "--as", "ben")
    shell("sessions", "close", str(number))
    assert "closed" in refused("hello", "--as", "anna")
    assert rows(engine, "SELECT count(*) FROM chat_messages WHERE sender = 'admin'") == [(0,)]


def test_revoke_ends_the_customers_access(shell: Shell, begin: Begin, engine: Engine) -> None:
    number = begin("hello")
    with transaction(engine) as db:
        guest = lifecycle.start(db, guests.new_guest(db, None), Opening()).session
        token = guests.give_token(db, db.get_one(guests.Guest, guest.guest_id))
        other = guest.id
    assert "1 token" in shell("sessions", "revoke", number).err
    with transaction(engine) as db:
        assert guest_id_by_token(db, token) is not None
    shell("sessions", "revoke", other)
    with transaction(engine) as db:
        assert guest_id_by_token(db, token) is None


def test_control_characters_of_a_customer_do_not_reach_the_terminal(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    evil = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202egnp.exe [bold red]x[/] :smile: \x08\r"
    add_admin(engine, "anna", "Anna Berg")
    begin(evil, name="Ann \u2066evil", product=Product("1", "\x1b[5mlamp"))
    number = begin("שלום " + "long " * 100)
    for words in (["sessions", "list"], ["sessions", "show", number - 1]):
        for piped in (shell(*words).out, shell(*words, "--json").out):
            assert not set(piped) & set("\x1b\x07\x9b\u202e\u2066\x08\r")
        shown = shell.on_terminal(*words).out
        for raw in ("\x1b]", "\x1b[2J", "\x1b[5m", "\x07", "\x9b", "\u202e", "\u2066", "\x08"):
            assert raw not in shown
    assert "\\x1b[2J" in shown
    assert "[bold red]x[/] :smile:" in shown


def test_tables_fit_the_terminal(shell: Shell, begin: Begin, engine: Engine) -> None:
    import re

    add_admin(engine, "anna", "Anna Berg")
    number = begin("word " * 60, name="A customer with a very long name indeed", product=LAMP)
    shell("sessions", "assign", number, "anna")
    begin("日本語のとても長いメッセージです" * 9, name="日本語の長い名前の人です")
    for width in (200, 80):
        table = shell.on_terminal("sessions", "list", width=width).out
        lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in table.splitlines()]
        assert all(len(line) <= width for line in lines)
        for word in ("No.", "Status", "Customer", "waiting", "active", "anna", "Brass lamp", "…"):
            assert any(word in line for line in lines)
        assert any("A customer with a very long n" in line for line in lines) == (width == 200)
    assert not shell("sessions", "list").out.count("…")


def test_repeating_a_send_from_the_command_line_stores_it_once(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    add_admin(engine, "anna")
    number = begin("hello")
    for _ in range(2):
        shell("sessions", "reply", number, "the same")
    with transaction(engine, write=False) as db:
        ids = [m.client_id for m in db.query(ChatMessage).filter_by(sender="admin")]
    assert len(ids) == len(set(ids)) == 2


def test_a_note_is_for_colleagues(shell: Shell, begin: Begin, engine: Engine) -> None:
    number = begin("hello")
    add_admin(engine, "ben", "Ben Berater")
    done = shell("sessions", "note", number, "@ben, she wants a refund.", "--json")
    assert done.objects[0]["from"] == "note"
    shown = shell("sessions", "show", number).out.splitlines()[-1].split("\t")
    assert [shown[2], shown[4]] == ["note", "@ben, she wants a refund."]
    with transaction(engine) as db:
        assert db.get_one(ChatSession, number).public_seq == 1
    assert shell("sessions", "note", 99, "x").code == 1
