"""`livechat search`, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from livechat.conversation.opening import Product
from tests.factories import add_admin

from .conftest import Begin, Shell


@pytest.fixture
def chats(shell: Shell, begin: Begin, engine: Engine) -> None:
    """Ann asks for a lamp and is answered; Bo asks for a crème brûlée."""
    add_admin(engine, "anna", "Anna Berg")
    lamp = Product("42", "Brass lamp")
    begin("Is the\nlamp\tin stock?", name="Ann", email="ann@example.com", product=lamp)
    begin("A crème brûlée", name="Bo")
    shell("sessions", "reply", 1, "The lamp comes on Friday")


def test_hits_are_plain_when_piped(shell: Shell, chats: None) -> None:
    ran = shell("search", "lamp")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(row[3] for row in ran.rows) == ["admin", "customer", "session"]
    by_kind = {row[3]: row for row in ran.rows}
    assert by_kind["customer"][:2] == ["1", "1"]
    assert by_kind["customer"][2].endswith("Z")
    assert by_kind["customer"][4:] == ["Ann", "Ann", "Is the lamp in stock?"]
    assert by_kind["admin"][4:] == ["Anna Berg", "Ann", "The lamp comes on Friday"]
    assert by_kind["session"][1] == ""
    assert by_kind["session"][6] == "Ann · ann@example.com · Brass lamp · 42"


def test_words_are_one_search_with_filters(shell: Shell, chats: None) -> None:
    assert [row[0] for row in shell("search", "brulee", "creme").rows] == ["2"]
    assert [row[3] for row in shell("search", "lamp", "from:anna").rows] == ["admin"]
    assert [row[3] for row in shell("search", "--", "lamp", "-stock", "-ann").rows] == ["admin"]
    few = shell("search", "lamp", "--limit", 2)
    assert len(few.rows) == 2
    assert "Only the first 2" in few.err
    assert len(shell("search", "lamp", "--limit", 3).rows) == 3


def test_json_and_the_terminal_agree(shell: Shell, chats: None) -> None:
    (hit,) = shell("search", "brul", "--json").objects
    assert hit["snippet"] == [{"text": "A crème ", "hit": False}, {"text": "brûlée", "hit": True}]
    assert (hit["number"], hit["seq"], hit["from"], hit["name"]) == (2, 1, "customer", "Bo")
    table = shell.on_terminal("search", "brul").out
    assert "Bo" in table
    assert "brûlée" in table


def test_no_hits_and_invalid_queries_are_reported(shell: Shell, chats: None) -> None:
    for words in (["zeppelin"], ["%"], ['"'], ["NEAR("], ["'z':*"], [""], ["product:*"]):
        ran = shell("search", *words)
        assert (ran.code, ran.out, ran.err) == (0, "", "No results.\n"), words
    for word, says in (
        ("x" * 4000, "too long"),
        ("before:soon", "2026-01-31"),
        ("from:zoe", "no admin with the username zoe"),
    ):
        ran = shell("search", word)
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.err
    assert shell("search").code == 2


def test_control_characters_of_customers_do_not_reach_the_terminal(
    shell: Shell, begin: Begin
) -> None:
    begin("\x1b[2J lamp \u202e [bold]x[/]", name="\x1b]0;x\x07")
    for out in (shell("search", "lamp").out, shell("search", "lamp", "--json").out):
        assert not set(out) & set("\x1b\x07\u202e")
    shown = shell.on_terminal("search", "lamp").out
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown
